//! Whether the connection still lives, and when to try again.

use std::time::Duration;

use codestream_protocol::channel::close;
use codestream_protocol::lsp::notification::ConnectionStatus;

use crate::channel::ChannelEvent;
use crate::channel::machine::{Effect, LOOK, Machine, NORMAL, Now, State};

/// A connection that stood this long was a good one: the next delay is short again.
const STOOD: Duration = Duration::from_secs(5);
/// The jump of the clock that means sleep.
const JUMP: Duration = Duration::from_secs(10);

impl Machine {
    pub(super) fn woken(&mut self, now: Now, effects: &mut Vec<Effect>) {
        if self.slept(now) {
            self.wake_up(effects);
            return;
        }
        if self.inbox.give_up(now.elapsed) {
            effects.push(Effect::Tell(ChannelEvent::Reset));
        }
        match &mut self.state {
            State::Resting { until } if now.elapsed >= *until => self.dial(effects),
            State::Resting { .. } | State::Dialling | State::Stopped => {}
            _ if now.elapsed >= self.last_frame + self.ping_timeout => {
                self.redial(close::NO_PING, now, effects);
            }
            _ if self.due.is_some_and(|due| now.elapsed >= due) => self.overdue(now, effects),
            _ => {}
        }
    }

    /// Whether much more time has passed than this process has noticed: a closed laptop. On some systems the monotonic clock
    /// stands still meanwhile, on others it goes on and only this look is late.
    fn slept(&mut self, now: Now) -> bool {
        let (elapsed, wall) = std::mem::replace(&mut self.looked, (now.elapsed, now.wall));
        let by_elapsed = now.elapsed.saturating_sub(elapsed);
        let unnoticed = now.wall.since(wall).saturating_sub(by_elapsed);
        unnoticed > JUMP || by_elapsed > LOOK + JUMP
    }

    fn wake_up(&mut self, effects: &mut Vec<Effect>) {
        effects.push(Effect::Awake);
        match self.state {
            State::Resting { .. } => {
                self.backoff.reset();
                self.dial(effects);
            }
            State::Stopped => {}
            _ => {
                // Whatever stood is gone, whether it knows or not.
                effects.push(Effect::Hang(close::NO_PING));
                self.tell(ConnectionStatus::Reconnecting, effects);
                self.backoff.reset();
                self.forget_connection();
                // The next JWT tells the server's time anew: the monotonic clock may have stood still.
                self.jwt = None;
                self.dial(effects);
            }
        }
    }

    fn overdue(&mut self, now: Now, effects: &mut Vec<Effect>) {
        if !self.ask_again(now, effects) {
            self.redial(NORMAL, now, effects);
        }
    }

    /// Gives up this connection and goes on with the next.
    pub(super) fn redial(&mut self, code: u16, now: Now, effects: &mut Vec<Effect>) {
        effects.push(Effect::Hang(code));
        self.lost(now, effects);
    }

    pub(super) fn lost(&mut self, now: Now, effects: &mut Vec<Effect>) {
        if let State::Live { since } = self.state
            && now.elapsed >= since + STOOD
        {
            self.backoff.reset();
        }
        if self.told == ConnectionStatus::Reconnected {
            self.tell(ConnectionStatus::Reconnecting, effects);
        }
        self.rest(now);
    }

    pub(super) fn rest(&mut self, now: Now) {
        self.forget_connection();
        let delay = self.backoff.next(now.chance);
        self.state = State::Resting {
            until: now.elapsed + delay,
        };
    }

    fn forget_connection(&mut self) {
        self.due = None;
        self.buffered.clear();
    }
}
