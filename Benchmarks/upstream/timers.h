// The timers of the paced streams: a binary heap by due time.

#ifndef MARTLET_BENCH_TIMERS_H
#define MARTLET_BENCH_TIMERS_H

#include "../common/bench.h"

struct timer {
    uint64_t due;
    int heap_index;  // -1: not running
};

static struct timer **heap;
static int heap_count, heap_room;

static void heap_place(int index, struct timer *timer) {
    heap[index] = timer;
    timer->heap_index = index;
}

static void heap_up(int index) {
    struct timer *timer = heap[index];
    while (index > 0 && heap[(index - 1) / 2]->due > timer->due) {
        heap_place(index, heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_place(index, timer);
}

static void heap_down(int index) {
    struct timer *timer = heap[index];
    for (;;) {
        int child = 2 * index + 1;
        if (child >= heap_count) break;
        if (child + 1 < heap_count && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[child]->due >= timer->due) break;
        heap_place(index, heap[child]);
        index = child;
    }
    heap_place(index, timer);
}

static void timer_add(struct timer *timer) {
    if (heap_count == heap_room) {
        heap_room = heap_room ? heap_room * 2 : 1024;
        heap = realloc(heap, (size_t)heap_room * sizeof *heap);
        if (!heap) die("out of memory");
    }
    heap_place(heap_count++, timer);
    heap_up(heap_count - 1);
}

static void timer_remove(struct timer *timer) {
    int index = timer->heap_index;
    if (index < 0) return;
    timer->heap_index = -1;
    struct timer *last = heap[--heap_count];
    if (last == timer) return;
    heap_place(index, last);
    heap_up(index);
    heap_down(last->heap_index);
}

#endif
