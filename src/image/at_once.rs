//! Several requests at once, without a runtime: threads of the standard library.

use std::thread;

/// Requests at once.
const AT_ONCE: usize = 8;

/// Does something for each item, some at once, and gives the results in order.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results = Vec::with_capacity(items.len());
    for chunk in items.chunks(AT_ONCE) {
        thread::scope(|scope| {
            // The last one by this thread, which would only wait otherwise.
            let Some((last, others)) = chunk.split_last() else {
                return;
            };
            let work = &work;
            let others: Vec<_> = others
                .iter()
                .map(|item| scope.spawn(move || work(item)))
                .collect();
            let last = work(last);
            results.extend(others.into_iter().map(join));
            results.push(last);
        });
    }
    results
}

/// What a thread made. A panic in it is one here.
pub(super) fn join<T>(handle: thread::ScopedJoinHandle<'_, T>) -> T {
    handle
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_complete() {
        for count in [0, 1, 2, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 1] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(each(&items, |item| item * 2), doubled);
        }
    }
}
