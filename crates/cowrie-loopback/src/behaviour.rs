//! How a provider behaves.

use std::collections::VecDeque;
use std::time::Duration;

/// How a provider behaves from now on.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// As the real one does.
    Normal,
    /// Waits before it answers.
    Slow(Duration),
    /// This status with these headers, whatever is asked.
    Status {
        /// The status: 429, 401, 500, 503...
        status: u16,
        /// `Retry-After`, for example.
        headers: Vec<(String, String)>,
        /// JSON when it begins with a brace, and plain text otherwise, unless a header says more.
        body: String,
    },
    /// Resets the connection (RST by `SO_LINGER` 0) without an answer.
    Reset,
    /// Accepts, never answers, and keeps the connection open.
    Silent,
    /// Sends the head and half of the body, then closes.
    Truncated,
    /// Sends so many bytes of body, and does not say beforehand how many.
    Oversized(usize),
    /// 200 with this content type and body.
    Body {
        /// What it claims to be.
        content_type: String,
        /// What it is: HTML of a captive portal, NULs, invalid UTF-8, deeply nested JSON...
        body: Vec<u8>,
    },
    /// One after the other, one per request; the last one stays.
    InTurn(Vec<Behaviour>),
}

impl Behaviour {
    /// This status with these headers and this body.
    pub fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self::Status { status, headers: headers.collect(), body: body.to_owned() }
    }

    /// 200 with this content type and body.
    pub fn body(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Body { content_type: content_type.to_owned(), body: body.into() }
    }
}

/// What is left of a row of behaviours.
#[derive(Debug)]
pub(crate) struct Turns(VecDeque<Behaviour>);

impl Turns {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        let mut row = VecDeque::new();
        line_up(behaviour, &mut row);
        Self(row)
    }

    /// The behaviour for one request.
    pub(crate) fn take(&mut self) -> Behaviour {
        let next = if self.0.len() > 1 { self.0.pop_front() } else { self.0.front().cloned() };
        next.unwrap_or(Behaviour::Normal)
    }
}

fn line_up(behaviour: Behaviour, row: &mut VecDeque<Behaviour>) {
    match behaviour {
        Behaviour::InTurn(several) => several.into_iter().for_each(|one| line_up(one, row)),
        one => row.push_back(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(behaviour: Behaviour, expected: &[usize]) {
        let mut turns = Turns::new(behaviour);
        let taken = expected.iter().map(|_| match turns.take() {
            Behaviour::Oversized(n) => n,
            _ => 0,
        });
        assert_eq!(taken.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_are_gone_through_and_the_last_stays() {
        let n = Behaviour::Oversized;
        check(Behaviour::Normal, &[0, 0]);
        check(n(1), &[1, 1, 1]);
        check(Behaviour::InTurn(vec![n(1), n(2)]), &[1, 2, 2, 2]);
        let inner = Behaviour::InTurn(vec![n(2), n(3)]);
        check(Behaviour::InTurn(vec![n(1), inner, Behaviour::Normal]), &[1, 2, 3, 0, 0]);
        check(Behaviour::InTurn(Vec::new()), &[0, 0]);
    }
}
