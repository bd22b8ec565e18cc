//! A service behind the cache: what reaches it, and what comes back.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use cowrie_cache::{Cache, CacheTier, Cached, Keep, MemoryTier};
use cowrie_core::{Clock, FixedClock};
use cowrie_enrichment::{
    Answer, Data, OnlineSource as _, Outcome, Question, Remedy, Reply, ScriptedService, Service,
    SourceName, Teller, Tier, Told,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::bench::{SERVICE, hour, question, start};
use crate::tiers::TableTier;

const KEEP: Keep = Keep { found: Duration::from_hours(100), not_found: Duration::from_hours(10) };

fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock(start()))
}

fn memory() -> Arc<Cache> {
    Arc::new(Cache::new(vec![Arc::new(MemoryTier::new(1 << 20))], clock()))
}

/// The facts about a question, which no other has.
fn found(question: &Question) -> Outcome {
    Outcome::found(json!({"of": question.to_string()}).as_object().cloned().unwrap())
}

fn scripted(
    batch_size: usize,
    outcome: impl Fn(&Question, usize) -> Outcome + Send + Sync + 'static,
) -> Arc<ScriptedService> {
    let service = ScriptedService::new(SERVICE, move |question, n| outcome(question, n).into());
    Arc::new(service.with_batch_size(NonZeroUsize::new(batch_size).unwrap()))
}

/// A service that others can look at while it is asked.
struct Shared<S>(Arc<S>);

#[async_trait]
impl<S: Service> Service for Shared<S> {
    fn name(&self) -> SourceName {
        self.0.name()
    }

    fn batch_size(&self) -> NonZeroUsize {
        self.0.batch_size()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        self.0.ask(questions).await
    }
}

fn cached<S: Service>(service: &Arc<S>, cache: &Arc<Cache>) -> Cached<Shared<S>> {
    Cached::new(Shared(Arc::clone(service)), Arc::clone(cache), KEEP, clock())
}

fn questions(numbers: impl IntoIterator<Item = u16>) -> Vec<Question> {
    numbers.into_iter().map(question).collect()
}

fn outcomes(told: Vec<Told>) -> Vec<Outcome> {
    told.into_iter().map(|told| told.answer.outcome).collect()
}

#[tokio::test]
async fn what_is_known_is_not_asked_again() {
    let service = scripted(2, |question, _| match question {
        question if *question == crate::bench::question(2) => Outcome::NotFound,
        question => found(question),
    });
    let cache = memory();
    let source = cached(&service, &cache);
    let asked = questions([3, 1, 2, 3, 4, 1]);
    let first = source.ask(&asked).await;
    assert_eq!(service.requests(), [questions([3, 1]), questions([2, 4])]);
    assert!(first.iter().all(|told| told.by == Teller::Service && told.at == Some(start())));
    let expected: Vec<Outcome> = asked
        .iter()
        .map(|asked| if *asked == question(2) { Outcome::NotFound } else { found(asked) })
        .collect();
    assert_eq!(outcomes(first.clone()), expected);
    for (told, asked) in first.iter().zip(&asked) {
        let keep = if *asked == question(2) { 10 } else { 100 };
        let expires_at = told.answer.expires_at.unwrap();
        let life = expires_at - start();
        assert!(life <= TimeDelta::hours(keep) && life >= TimeDelta::minutes(keep * 54), "{life}");
    }
    // Another process with the same cache.
    let second = cached(&service, &cache).ask(&asked).await;
    assert_eq!(service.requests().len(), 2);
    let from_cache = |told: Told| Told { by: Teller::Cache(Tier::Memory), ..told };
    assert_eq!(second, first.into_iter().map(from_cache).collect::<Vec<_>>());
    assert_eq!(source.ask(&[]).await, []);
}

#[tokio::test]
async fn an_answer_that_no_longer_holds_is_asked_for_again() {
    let service = scripted(1, |question, _| found(question));
    let cache_at = |at: DateTime<Utc>, tier: &Arc<TableTier>| {
        let tiers: Vec<Arc<dyn CacheTier>> = vec![tier.port()];
        Arc::new(Cache::new(tiers, Arc::new(FixedClock(at))))
    };
    let tier = TableTier::new(Tier::Database);
    for (at, n_requests) in [(hour(0), 1), (hour(89), 1), (hour(101), 2), (hour(150), 2)] {
        let clock = Arc::new(FixedClock(at));
        let shared = Shared(Arc::clone(&service));
        Cached::new(shared, cache_at(at, &tier), KEEP, clock).ask(&questions([1])).await;
        assert_eq!(service.requests().len(), n_requests, "{at}");
    }
}

#[tokio::test]
async fn failures_are_told_and_not_kept() {
    let outcomes_of = [
        (Outcome::Failed { reason: "down".to_owned(), remedy: Remedy::TryAgain }, true),
        (Outcome::Quota { until: Some(hour(1)) }, false),
        (Outcome::skipped("not needed"), false),
    ];
    for (outcome, was_asked) in outcomes_of {
        let given = outcome.clone();
        let service = scripted(5, move |_, _| given.clone());
        let source = cached(&service, &memory());
        let (at, by) =
            if was_asked { (Some(start()), Teller::Service) } else { (None, Teller::Nobody) };
        for n_requests in 1..4 {
            let told = source.ask(&questions([1])).await;
            let answer = Answer::from(outcome.clone());
            assert_eq!(told, [Told { answer, at, by }]);
            assert_eq!(service.requests().len(), n_requests);
        }
    }
}

/// Gives other numbers of replies than it should.
struct Miscounting(isize);

#[async_trait]
impl Service for Miscounting {
    fn name(&self) -> SourceName {
        SERVICE
    }

    fn batch_size(&self) -> NonZeroUsize {
        NonZeroUsize::new(3).unwrap()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let n_replies = questions.len().saturating_add_signed(self.0);
        let extra = question(999);
        let asked = questions.iter().chain(std::iter::repeat(&extra));
        asked.take(n_replies).map(|question| found(question).into()).collect()
    }
}

#[tokio::test]
async fn a_service_that_cannot_count_mixes_nothing_up() {
    for (more, n_answered) in [(-3, 0), (-1, 2), (0, 3), (1, 3), (50, 3)] {
        let cache = memory();
        let source = Cached::new(Miscounting(more), Arc::clone(&cache), KEEP, clock());
        let asked = questions([5, 6, 7]);
        let told = outcomes(source.ask(&asked).await);
        assert_eq!(told.len(), 3);
        for (n, (outcome, question)) in told.iter().zip(&asked).enumerate() {
            if n < n_answered {
                assert_eq!(outcome, &found(question), "{more}");
            } else {
                let skips = matches!(outcome, Outcome::Failed { remedy: Remedy::SkipItem, .. });
                assert!(skips, "{more}: {outcome:?}");
            }
        }
        let kept = cache.get(SERVICE, &asked).await;
        assert_eq!(kept.iter().flatten().count(), if more == 0 { 3 } else { 0 }, "{more}");
    }
}

/// Breaks off in the middle of a request.
struct Breaking;

#[async_trait]
impl Service for Breaking {
    fn name(&self) -> SourceName {
        SERVICE
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        assert_ne!(questions, [question(1)], "told to break off");
        questions.iter().map(|question| found(question).into()).collect()
    }
}

#[tokio::test]
async fn a_service_that_panics_takes_nobody_along() {
    let source = Cached::new(Breaking, memory(), KEEP, clock());
    for _ in 0..2 {
        let told = outcomes(source.ask(&questions([1, 2])).await);
        assert!(matches!(told[0], Outcome::Failed { .. }));
        assert_eq!(told[1], found(&question(2)));
    }
}

/// Takes its time, and counts how often each question comes, and how often at once.
struct Slow {
    batch_size: usize,
    pause: Duration,
    fails: bool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    n_begun: BTreeMap<Question, u32>,
    under_way: Vec<Question>,
}

impl Slow {
    fn new(batch_size: usize, pause: Duration, fails: bool) -> Arc<Self> {
        Arc::new(Self { batch_size, pause, fails, counts: Mutex::default() })
    }

    fn n_begun(&self) -> BTreeMap<Question, u32> {
        self.counts.lock().unwrap().n_begun.clone()
    }
}

#[async_trait]
impl Service for Slow {
    fn name(&self) -> SourceName {
        SERVICE
    }

    fn batch_size(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.batch_size).unwrap()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        assert!(questions.len() <= self.batch_size);
        {
            let mut counts = self.counts.lock().unwrap();
            for question in questions {
                assert!(!counts.under_way.contains(question), "asked twice at once");
                *counts.n_begun.entry(question.clone()).or_default() += 1;
                counts.under_way.push(question.clone());
            }
        }
        sleep(self.pause).await;
        self.counts.lock().unwrap().under_way.retain(|question| !questions.contains(question));
        let failed = || Outcome::Failed { reason: "down".to_owned(), remedy: Remedy::TryAgain };
        let outcome = |question| if self.fails { failed() } else { found(question) };
        questions.iter().map(|question| outcome(question).into()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_failure_hears_of_it() {
    let service = Slow::new(1, Duration::from_secs(1), true);
    let source = Arc::new(cached(&service, &memory()));
    let mut askers = JoinSet::new();
    for _ in 0..10 {
        let source = Arc::clone(&source);
        askers.spawn(async move { source.ask(&questions([1])).await });
    }
    let told = askers.join_all().await;
    assert!(told.iter().all(|told| matches!(told[0].answer.outcome, Outcome::Failed { .. })));
    assert_eq!(service.n_begun(), BTreeMap::from([(question(1), 1)]));
    source.ask(&questions([1])).await;
    assert_eq!(service.n_begun(), BTreeMap::from([(question(1), 2)]));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_went_out_is_kept_although_nobody_waits() {
    let service = Slow::new(2, Duration::from_secs(1), false);
    let cache = memory();
    let source = Arc::new(cached(&service, &cache));
    let mut askers = JoinSet::new();
    let asking = Arc::clone(&source);
    askers.spawn(async move { asking.ask(&questions([1, 2, 3, 4])).await });
    sleep(Duration::from_millis(500)).await;
    askers.shutdown().await;
    source.finish().await;
    let kept = cache.get(SERVICE, &questions([1, 2, 3, 4])).await;
    let is_kept: Vec<bool> = kept.iter().map(Option::is_some).collect();
    assert_eq!(is_kept, [true, true, false, false], "and no other request goes out");
}

/// Who asks: when, about what, and after how long they give up.
type Asker = (u64, Vec<u16>, Option<u64>);

async fn check_askers(askers: Vec<Asker>, batch_size: usize, pause: u64) {
    let service = Slow::new(batch_size, Duration::from_millis(pause), false);
    let source = Arc::new(cached(&service, &memory()));
    let mut going = JoinSet::new();
    let mut wanted = BTreeMap::new();
    for (n, (begin, numbers, patience)) in askers.into_iter().enumerate() {
        let asked = questions(numbers);
        if patience.is_none() {
            wanted.insert(n, asked.clone());
        }
        let source = Arc::clone(&source);
        going.spawn(async move {
            sleep(Duration::from_millis(begin)).await;
            let ask = source.ask(&asked);
            match patience {
                // Dropped in the middle.
                Some(patience) => {
                    drop(tokio::time::timeout(Duration::from_millis(patience), ask).await);
                }
                None => return Some((n, ask.await)),
            }
            None
        });
    }
    let told: BTreeMap<usize, Vec<Told>> = going.join_all().await.into_iter().flatten().collect();
    source.finish().await;
    let n_begun = service.n_begun();
    assert!(n_begun.values().all(|n| *n == 1), "{n_begun:?}");
    assert_eq!(told.len(), wanted.len());
    for (n, asked) in wanted {
        assert!(asked.iter().all(|question| n_begun.contains_key(question)));
        let expected: Vec<Outcome> = asked.iter().map(found).collect();
        assert_eq!(outcomes(told[&n].clone()), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn each_question_reaches_the_service_once(
        askers in vec(
            (0..30_u64, vec(0..7_u16, 0..9), proptest::option::of(0..40_u64)),
            1..12,
        ),
        batch_size in 1..4_usize,
        pause in 0..15_u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(check_askers(askers, batch_size, pause));
    }
}

#[tokio::test]
async fn data_are_given_as_they_were() {
    let service = scripted(1, |_, _| {
        let facts = json!({"a": [1, {"b": null}], "c": 0.1, "d": "\u{1f980}"});
        Outcome::Found(Data::new(facts.as_object().cloned().unwrap()).unwrap())
    });
    let source = cached(&service, &memory());
    let first = outcomes(source.ask(&questions([1])).await);
    assert_eq!(outcomes(source.ask(&questions([1])).await), first);
}
