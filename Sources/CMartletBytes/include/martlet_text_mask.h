// Tells which of 64 bytes of JSON text need a look. One function, in C because Swift has no instruction that gathers the
// result of a vector comparison into bits.
#ifndef MARTLET_TEXT_MASK_H
#define MARTLET_TEXT_MASK_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Marks quotes, backslashes, control characters (below 0x20) and bytes above 0x7F.
///
/// Bit n stands for byte n. Reads exactly 64 bytes.
static inline uint64_t martlet_text_mask(const void *_Nonnull bytes) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8(0x22), backslash = _mm_set1_epi8(0x5C), space = _mm_set1_epi8(0x20);
    uint64_t mask = 0;
    for (int part = 0; part < 4; part++) {
        __m128i text = _mm_loadu_si128((const __m128i *)bytes + part);
        // A signed comparison takes what is above 0x7F for negative, and so for less than a space.
        __m128i hits = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, backslash)), _mm_cmplt_epi8(text, space));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hits) << (16 * part);
    }
    return mask;
#elif defined(__aarch64__)
    const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint64_t mask = 0;
    for (int part = 0; part < 4; part++) {
        uint8x16_t text = vld1q_u8((const uint8_t *)bytes + 16 * part);
        uint8x16_t hits = vorrq_u8(
            vorrq_u8(vceqq_u8(text, vdupq_n_u8(0x22)), vceqq_u8(text, vdupq_n_u8(0x5C))),
            vcltq_s8(vreinterpretq_s8_u8(text), vdupq_n_s8(0x20)));
        uint8x16_t picked = vandq_u8(hits, bits);
        uint64_t low = vaddv_u8(vget_low_u8(picked)), high = vaddv_u8(vget_high_u8(picked));
        mask |= (low | high << 8) << (16 * part);
    }
    return mask;
#else
    uint64_t mask = 0;
    for (int index = 0; index < 64; index++) {
        uint8_t byte = ((const uint8_t *)bytes)[index];
        mask |= (uint64_t)(byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80) << index;
    }
    return mask;
#endif
}

#endif
