// The functions are in the header, so that Swift inlines them.
#include "martlet_text_mask.h"
