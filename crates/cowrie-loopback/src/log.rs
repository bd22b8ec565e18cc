//! What a service remembers of what it was asked.

use std::collections::VecDeque;

/// The latest questions, and how many there ever were.
#[derive(Debug)]
pub(crate) struct Log<T> {
    latest: VecDeque<T>,
    count: usize,
}

/// How many questions are remembered: some tens of megabytes in the largest runs.
const REMEMBERED: usize = 20_000;

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { latest: VecDeque::new(), count: 0 }
    }
}

impl<T: Clone> Log<T> {
    pub(crate) fn push(&mut self, question: T) {
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back(question);
        self.count += 1;
    }

    /// The questions that are remembered, in order.
    pub(crate) fn latest(&self) -> Vec<T> {
        self.latest.iter().cloned().collect()
    }

    /// How many questions there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_but_counted() {
        let mut log = Log::default();
        (0..REMEMBERED + 3).for_each(|n| log.push(n));
        assert_eq!(log.count(), REMEMBERED + 3);
        assert_eq!(log.latest().first(), Some(&3));
        assert_eq!(log.latest().len(), REMEMBERED);
    }
}
