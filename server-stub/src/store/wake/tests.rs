use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake as TaskWake, Waker};

use codestream_protocol::secret::SignupToken;

use super::*;

/// Counts how many tasks are woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl TaskWake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Woken {
    fn since_last(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn sign_up(number: usize) -> SignUpKey {
    SignUpKey::of_start(&SignupToken::new(number.to_string()), None)
}

fn message() -> Wake {
    Wake::Message {
        id: "m".to_owned(),
        channel: ChannelName::Echo,
    }
}

/// CWE-407: with held polls woken by everything, the cost of one message grows with what strangers hold open.
#[test]
fn a_wake_up_costs_its_own_waiters_and_not_all_that_are_held() {
    const HELD: usize = 1_000;
    let all = Wakes::new();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    let waiters: Vec<Waiter> = (0..HELD)
        .map(|number| all.wait_for(Topic::SignUp(sign_up(number))))
        .collect();
    let mut held: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
    for waiter in &waiters {
        let mut poll: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(waiter.woken());
        assert!(poll.as_mut().poll(&mut cx).is_pending());
        held.push(poll);
    }
    all.tell(message());
    all.tell(Wake::Deadline);
    assert_eq!(woken.since_last(), 0, "nobody waits for these");
    all.tell(Wake::SignUp { key: sign_up(7) });
    assert_eq!(woken.since_last(), 1);
    assert_eq!(held[7].as_mut().poll(&mut cx), Poll::Ready(()));
    all.tell(Wake::Missed);
    assert_eq!(woken.since_last(), HELD - 1, "whoever still waits reads again");
}

#[test]
fn what_is_told_between_registration_and_wait_is_not_lost() {
    let wakes = Wakes::new();
    let mut cx = Context::from_waker(Waker::noop());
    for told in [Wake::SignUp { key: sign_up(1) }, Wake::Missed] {
        let waiter = wakes.wait_for(Topic::SignUp(sign_up(1)));
        wakes.tell(told);
        assert_eq!(pin!(waiter.woken()).poll(&mut cx), Poll::Ready(()));
        assert_eq!(pin!(waiter.woken()).poll(&mut cx), Poll::Pending, "once");
    }
}

#[test]
fn every_waiter_of_a_topic_is_told_and_nothing_is_left_of_those_that_have_gone() {
    let wakes = Wakes::new();
    let user = UserId::from_bytes([1; 12]);
    let [first, second] = [0; 2].map(|_| wakes.wait_for(Topic::Refresh(user.clone())));
    wakes.tell(Wake::RefreshEnded { user_id: user });
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(first.woken()).poll(&mut cx).is_ready());
    assert!(pin!(second.woken()).poll(&mut cx).is_ready());
    drop(first);
    assert_eq!(wakes.waiting().topics.len(), 1);
    drop(second);
    assert!(wakes.waiting().topics.is_empty());
}
