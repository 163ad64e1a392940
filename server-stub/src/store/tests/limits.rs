use super::*;

on_each_engine!(
    a_burst_passes_and_then_so_many_per_second,
    a_refused_request_costs_nothing,
    several_are_taken_at_once_or_none,
);

async fn take(bench: &Bench, rate: Rate, key: &str) -> Allowed {
    bench.store.take_many(rate, key, 1).await.expect("a database")
}

fn later(millis: u64) -> Allowed {
    Allowed::In(Duration::from_millis(millis))
}

async fn a_burst_passes_and_then_so_many_per_second(bench: Bench) {
    let rate = Rate::new("a", 2, 5);
    for _ in 0..5 {
        assert_eq!(take(&bench, rate, "x").await, Allowed::Yes);
    }
    assert_eq!(take(&bench, rate, "x").await, later(500));
    bench.clock.advance(Duration::from_millis(499));
    assert_eq!(take(&bench, rate, "x").await, later(1));
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(take(&bench, rate, "x").await, Allowed::Yes);
    assert_eq!(take(&bench, rate, "x").await, later(500));
    assert_eq!(take(&bench, rate, "y").await, Allowed::Yes, "another key");
    let other = Rate::new("b", 2, 5);
    assert_eq!(take(&bench, other, "x").await, Allowed::Yes, "another limit");
    bench.clock.advance(MINUTE);
    for _ in 0..5 {
        assert_eq!(take(&bench, rate, "x").await, Allowed::Yes);
    }
    assert_eq!(take(&bench, rate, "x").await, later(500));
}

async fn a_refused_request_costs_nothing(bench: Bench) {
    let rate = Rate::new("a", 1, 1);
    assert_eq!(take(&bench, rate, "x").await, Allowed::Yes);
    for _ in 0..10 {
        assert_eq!(take(&bench, rate, "x").await, later(1000));
    }
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(take(&bench, rate, "x").await, Allowed::Yes);
}

async fn several_are_taken_at_once_or_none(bench: Bench) {
    let rate = Rate::new("a", 1, 10);
    let many = async |units| {
        let taken = bench.store.take_many(rate, "x", units).await;
        taken.expect("a database")
    };
    assert_eq!(many(8).await, Allowed::Yes);
    assert_eq!(many(3).await, later(1000));
    assert_eq!(many(2).await, Allowed::Yes);
    bench.clock.advance(MINUTE);
    assert_eq!(
        many(1000).await,
        Allowed::Yes,
        "more than there can ever be is all of it"
    );
    assert_eq!(many(1).await, later(1000));
}
