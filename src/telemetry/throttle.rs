//! Limits a repeated message to one line per window, and counts the suppressed lines.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lock::lock;

/// The least time between two lines of one message.
const WINDOW: Duration = Duration::from_secs(5);

/// Identifies a message: its text, and a label that distinguishes its variants.
type Message = (&'static str, &'static str);

/// The messages seen lately; bounded, because messages and labels come from closed sets.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Message, Window>>);

#[derive(Debug)]
struct Window {
    opened: Instant,
    suppressed: u64,
}

impl Throttle {
    /// Whether a line may be written now; if so, how many of them were suppressed before.
    pub(super) fn permit(&self, message: Message, now: Instant) -> Option<u64> {
        let mut windows = lock(&self.0);
        let Some(window) = windows.get_mut(&message) else {
            let (opened, suppressed) = (now, 0);
            windows.insert(message, Window { opened, suppressed });
            return Some(0);
        };
        if now.saturating_duration_since(window.opened) < WINDOW {
            window.suppressed += 1;
            return None;
        }
        window.opened = now;
        Some(std::mem::take(&mut window.suppressed))
    }

    /// Forgets messages that have stopped, and returns those with suppressed lines at the end.
    pub(super) fn expire(&self, now: Instant) -> Vec<(Message, u64)> {
        let mut windows = lock(&self.0);
        windows
            .extract_if(|_, window| now.saturating_duration_since(window.opened) >= WINDOW)
            .map(|(message, window)| (message, window.suppressed))
            .filter(|(_, suppressed)| *suppressed > 0)
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
