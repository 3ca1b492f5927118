//! Keeps a message that repeats down to one line per window, and counts what it held back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two lines of one message.
const WINDOW: Duration = Duration::from_secs(5);

/// Which message: its text, and the label that tells its variants apart.
type Message = (&'static str, &'static str);

/// The messages seen lately; bounded, because messages and labels come from closed sets.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Message, Window>>);

#[derive(Debug)]
struct Window {
    opened: Instant,
    held_back: u64,
}

impl Throttle {
    /// Whether a line may be written now; if so, how many like it were held back before.
    pub(super) fn permit(&self, message: Message, now: Instant) -> Option<u64> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(window) = windows.get_mut(&message) else {
            let (opened, held_back) = (now, 0);
            windows.insert(message, Window { opened, held_back });
            return Some(0);
        };
        if now.saturating_duration_since(window.opened) < WINDOW {
            window.held_back += 1;
            return None;
        }
        window.opened = now;
        Some(std::mem::take(&mut window.held_back))
    }

    /// Forgets messages that have stopped, and returns those with lines held back at the end.
    pub(super) fn expire(&self, now: Instant) -> Vec<(Message, u64)> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows
            .extract_if(|_, window| now.saturating_duration_since(window.opened) >= WINDOW)
            .map(|(message, window)| (message, window.held_back))
            .filter(|(_, held_back)| *held_back > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_one_line_and_a_count() {
        let throttle = Throttle::default();
        let start = Instant::now();
        let later = |secs| start + Duration::from_secs(secs);
        assert_eq!(throttle.permit(("lost", "a"), start), Some(0));
        assert_eq!(throttle.permit(("lost", "a"), later(1)), None);
        assert_eq!(throttle.permit(("lost", "b"), later(1)), Some(0));
        assert_eq!(throttle.permit(("lost", "a"), later(4)), None);
        assert_eq!(throttle.permit(("lost", "a"), later(5)), Some(2));
        assert_eq!(throttle.permit(("lost", "a"), later(6)), None);
        assert!(throttle.expire(later(9)).is_empty());
        assert_eq!(throttle.expire(later(10)), [(("lost", "a"), 1)]);
        assert!(throttle.expire(later(20)).is_empty());
    }
}
