//! Timestamps as Open-Capture writes them, all in UTC: for programs, and long ones for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const DAYS: [&str; 7] = [
    "Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche",
];
const MONTHS: [&str; 12] = [
    "Janvier",
    "Février",
    "Mars",
    "Avril",
    "Mai",
    "Juin",
    "Juillet",
    "Août",
    "Septembre",
    "Octobre",
    "Novembre",
    "Décembre",
];

/// The language of long dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// `Jeudi 27 Avril 2023 10:28:31`
    French,
    /// `Apr 27 2023 10:28:31`
    Other,
}

impl Language {
    /// The language of the setting.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "fr" => Self::French,
            _ => Self::Other,
        }
    }

    /// A long date.
    pub(super) fn long(self, at: Timestamp) -> String {
        if self == Self::Other {
            return at.strftime("%b %d %Y %H:%M:%S").to_string();
        }
        let local = at.to_zoned(TimeZone::UTC);
        let day = local.weekday().to_monday_zero_offset();
        let day = usize::try_from(day).ok().and_then(|day| DAYS.get(day));
        let month = usize::try_from(local.month() - 1).ok();
        let month = month.and_then(|month| MONTHS.get(month));
        let (day, month) = (day.unwrap_or(&""), month.unwrap_or(&""));
        let date = local.strftime("%d");
        format!("{day} {date} {month} {}", local.strftime("%Y %H:%M:%S"))
    }
}

/// A date as in HTTP headers.
pub(super) fn http(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A date as in lines of history.
pub(super) fn plain(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The duration in hundredths of a second, at least zero.
pub(super) fn elapsed(from: Timestamp, to: Timestamp) -> String {
    let hundredths = (to.duration_since(from).as_millis() / 10).max(0);
    let (seconds, hundredths) = (hundredths / 100, hundredths % 100);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{hundredths:02}",
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn dates_are_as_open_capture_writes_them() {
        let time = at("2023-04-27T10:28:31.9Z");
        assert_eq!(http(time), "Thu, 27 Apr 2023 10:28:31 GMT");
        assert_eq!(plain(time), "2023-04-27 10:28:31");
        let french = Language::named("fr");
        assert_eq!(french.long(time), "Jeudi 27 Avril 2023 10:28:31");
        assert_eq!(Language::named("en").long(time), "Apr 27 2023 10:28:31");
        let time = at("2026-08-02T00:00:05Z");
        assert_eq!(http(time), "Sun, 02 Aug 2026 00:00:05 GMT");
        assert_eq!(french.long(time), "Dimanche 02 Août 2026 00:00:05");
        let time = at("2024-02-29T23:59:59Z");
        assert_eq!(french.long(time), "Jeudi 29 Février 2024 23:59:59");
        let time = at("2025-12-01T12:00:00Z");
        assert_eq!(french.long(time), "Lundi 01 Décembre 2025 12:00:00");
        let time = at("0001-01-01T00:00:00Z");
        assert_eq!(http(time), "Mon, 01 Jan 0001 00:00:00 GMT");
    }

    #[test]
    fn elapsed_time_has_hundredths_and_any_number_of_hours() {
        let from = at("2026-01-01T00:00:00Z");
        for (to, text) in [
            ("2026-01-01T00:00:22.359Z", "00:00:22.35"),
            ("2026-01-01T00:00:00Z", "00:00:00.00"),
            ("2025-12-31T00:00:00Z", "00:00:00.00"),
            ("2026-01-05T07:08:09.1Z", "103:08:09.10"),
        ] {
            assert_eq!(elapsed(from, at(to)), text);
        }
    }
}
