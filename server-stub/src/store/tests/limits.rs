use super::*;

on_each_engine!(
    a_burst_passes_and_then_so_many_per_second,
    a_refused_request_costs_nothing,
    a_look_costs_nothing,
);

async fn take(bench: &Bench, rate: Rate, key: &str) -> Allowed {
    bench.store.take(rate, key).await.expect("a database")
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

async fn a_look_costs_nothing(bench: Bench) {
    let rate = Rate::new("a", 1, 1);
    for _ in 0..3 {
        let look = bench.store.allowance(rate, "x").await;
        assert_eq!(look.expect("a database"), Allowed::Yes);
    }
    assert_eq!(take(&bench, rate, "x").await, Allowed::Yes);
    let look = bench.store.allowance(rate, "x").await;
    assert_eq!(look.expect("a database"), later(1000));
}
