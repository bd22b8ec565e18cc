//! Which questions are being asked right now, and who waits for them.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cowrie_enrichment::{Question, Told};
use tokio::sync::watch;

/// The questions that are under way.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<BTreeMap<Question, Flight>>);

/// A question that somebody else asks.
#[derive(Clone, Debug)]
pub(crate) struct Flight(watch::Receiver<Option<Told>>);

/// Questions that are ours to ask, and nobody else's meanwhile.
///
/// When it is dropped, those that were not answered are free again, and who waits for one learns
/// that.
#[derive(Debug)]
pub(crate) struct Claims {
    flights: Arc<Flights>,
    open: Vec<(Question, watch::Sender<Option<Told>>)>,
}

impl Flights {
    /// Claims those of the questions that nobody asks, and gives the others with their flights.
    ///
    /// Whoever waits for a flight must hold no claim then, or two could wait for each other.
    pub(crate) fn claim(
        self: &Arc<Self>,
        questions: &[Question],
    ) -> (Claims, Vec<(Question, Flight)>) {
        let mut claims = Claims { flights: Arc::clone(self), open: Vec::new() };
        let mut others = Vec::new();
        let mut under_way = self.lock();
        for question in questions {
            if let Some(flight) = under_way.get(question) {
                others.push((question.clone(), flight.clone()));
            } else {
                let (sender, receiver) = watch::channel(None);
                under_way.insert(question.clone(), Flight(receiver));
                claims.open.push((question.clone(), sender));
            }
        }
        drop(under_way);
        (claims, others)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Question, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// What was told in the end; `None` when whoever asked has given up.
    pub(crate) async fn landed(mut self) -> Option<Told> {
        let landed = self.0.wait_for(Option::is_some).await;
        landed.ok().and_then(|told| told.clone())
    }
}

impl Claims {
    /// The questions, in the order in which they were claimed.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.open.iter().map(|(question, _)| question.clone()).collect()
    }

    /// Tells everybody who waits what was told, for each question in its order; a question that
    /// got `None` stays claimed.
    pub(crate) fn land(&mut self, told: Vec<Option<Told>>) -> Vec<(Question, Told)> {
        let mut landed = Vec::new();
        let mut open = Vec::new();
        let told = told.into_iter().chain(iter::repeat(None));
        let mut under_way = self.flights.lock();
        for ((question, sender), told) in self.open.drain(..).zip(told) {
            let Some(told) = told else {
                open.push((question, sender));
                continue;
            };
            under_way.remove(&question);
            sender.send_replace(Some(told.clone()));
            landed.push((question, told));
        }
        drop(under_way);
        self.open = open;
        landed
    }

    /// The first claims, no more than `n`, as claims of their own.
    pub(crate) fn split(&mut self, n: usize) -> Self {
        let rest = self.open.split_off(n.min(self.open.len()));
        let first = std::mem::replace(&mut self.open, rest);
        Self { flights: Arc::clone(&self.flights), open: first }
    }
}

impl Drop for Claims {
    /// The questions are free before those who wait for them hear of it, so that one of these can
    /// claim them.
    fn drop(&mut self) {
        let mut under_way = self.flights.lock();
        for (question, _) in &self.open {
            under_way.remove(question);
        }
    }
}

#[cfg(test)]
mod tests {
    use cowrie_enrichment::{Outcome, Teller};

    use super::*;

    fn questions(numbers: &[u32]) -> Vec<Question> {
        let question = |n: &u32| Question::Passwords(format!("{n:05X}").parse().unwrap());
        numbers.iter().map(question).collect()
    }

    fn told() -> Told {
        Told { answer: Outcome::NotFound.into(), at: None, by: Teller::Nobody }
    }

    #[tokio::test]
    async fn who_waits_is_told() {
        let flights = Arc::new(Flights::default());
        let (mut claims, others) = flights.claim(&questions(&[1, 2]));
        assert_eq!((claims.questions(), others.len()), (questions(&[1, 2]), 0));
        let (ours, others) = flights.claim(&questions(&[2, 3, 1]));
        assert_eq!(ours.questions(), questions(&[3]));
        assert_eq!(claims.land(vec![Some(told()), Some(told())]).len(), 2);
        drop(claims);
        for (_, flight) in others {
            assert_eq!(flight.landed().await, Some(told()));
        }
        assert_eq!(flights.lock().keys().cloned().collect::<Vec<_>>(), questions(&[3]));
    }

    #[tokio::test]
    async fn what_is_given_up_is_free() {
        let flights = Arc::new(Flights::default());
        let (mut claims, _) = flights.claim(&questions(&[1, 2, 3]));
        let (_, others) = flights.claim(&questions(&[1, 2, 3]));
        let part = claims.split(1);
        assert_eq!((part.questions(), claims.questions()), (questions(&[1]), questions(&[2, 3])));
        let landed = claims.land(vec![None, Some(told())]);
        assert_eq!(landed, [(questions(&[3])[0].clone(), told())]);
        drop((part, claims));
        let landed: Vec<_> = futures(others).await;
        assert_eq!(landed, [None, None, Some(told())]);
        assert_eq!(flights.claim(&questions(&[1, 2, 3])).1.len(), 0);
    }

    async fn futures(others: Vec<(Question, Flight)>) -> Vec<Option<Told>> {
        let mut landed = Vec::new();
        for (_, flight) in others {
            landed.push(flight.landed().await);
        }
        landed
    }
}
