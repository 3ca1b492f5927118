//! The filter of the list of processes, and its form.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::domain::{Kind, Status};
use crate::http::api::feed_query as native;
use crate::http::ui::paths;
use crate::http::web::{HttpProblem, Parameters, list_query};
use crate::store::read::list_cursor::ListCursor;
use crate::store::read::list_selection::Selection;
const NAMES: [&str; 8] = [
    "token", "filename", "group", "module", "kind", "status", "since", "after",
];
/// The text fields of the form, with their labels.
const TEXTS: [(&str, &str); 4] = [
    ("token", "Token"),
    ("filename", "File name"),
    ("group", "Group"),
    ("module", "Module"),
];

/// The filter.
#[derive(Debug, Clone)]
pub(super) struct ListFilter {
    /// One process.
    pub(super) token: Option<String>,
    pub(super) selection: Selection,
    pub(super) since: Since,
    pub(super) after: Option<ListCursor>,
    /// All parameters except the cursor, as given.
    given: Vec<(String, String)>,
}

named! {
    /// How far back the list goes, by the time at which processes were created. Its name is its
    /// value in the form; it also has its words there, and the heading of the list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(super) enum Since with texts: (&'static str, &'static str) {
        Hour = "hour", ("in the last hour", "Processes of the last hour");
        #[default]
        Today = "today", ("today", "Today's processes");
        Week = "week", ("in the last 7 days", "Processes of the last 7 days");
        Ever = "ever", ("at any time", "All processes");
    }
}

impl ListFilter {
    pub(super) fn read(mut parameters: Parameters) -> Result<Self, HttpProblem> {
        // Forms send every field, also the empty ones.
        parameters.drop_empty();
        let given = parameters.without("after");
        let statuses = Status::ALL.map(Status::name);
        let status = |text: &str| one_of(&statuses, Status::from_name(text)).map(|one| vec![one]);
        let since = |text: &str| one_of(&Since::ALL.map(Since::name), Since::from_name(text));
        let filter = Self {
            token: parameters.take("token", list_query::name),
            selection: Selection {
                kind: parameters.take("kind", native::kind),
                statuses: parameters.take("status", status).unwrap_or_default(),
                group: parameters.take("group", list_query::name),
                module: parameters.take("module", list_query::name),
                filename: parameters.take("filename", list_query::name),
                ..Selection::default()
            },
            since: parameters.take("since", since).unwrap_or_default(),
            after: parameters.take("after", list_query::place),
            given,
        };
        parameters.finish(&NAMES)?;
        Ok(filter)
    }

    /// The path of the list with this filter, after another cursor.
    pub(super) fn path(&self, after: Option<ListCursor>) -> String {
        let mut given = self.given.clone();
        given.extend(after.map(|after| ("after".to_owned(), after.to_string())));
        paths::with(paths::PROCESSES, &given)
    }

    /// Whether any filter is set.
    pub(super) fn is_narrow(&self) -> bool {
        !self.given.is_empty()
    }

    /// The form, filled in with the current filter.
    pub(super) fn form(&self) -> Markup {
        let given = |name: &str| {
            let mut given = self.given.iter();
            given
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        let kinds = Kind::ALL.map(Kind::name);
        let statuses = Status::ALL.map(Status::name);
        html! {
            form.filter #filter method="get" action="/" role="search" aria-label="Processes" {
                @for (name, label) in TEXTS {
                    label { (label) input type="search" name=(name) value=[given(name)] maxlength="200" autocomplete="off"; }
                }
                label { "Kind" (choice("kind", "any", given("kind"), kinds.map(|kind| (kind, kind)))) }
                label { "Status" (choice("status", "any", given("status"), statuses.map(|status| (status, status)))) }
                label { "First seen" (choice("since", "today", given("since"), Since::OTHERS.map(|since| (since.name(), since.texts().0)))) }
                button type="submit" { "Show" }
                @if self.is_narrow() { a href="/" { "Show all of today" } }
            }
        }
    }
}

fn one_of<T>(names: &[&str], found: Option<T>) -> Result<T, String> {
    found.ok_or_else(|| format!("must be one of {}", names.join(", ")))
}

/// A drop-down list; its first choice is the default.
fn choice<const N: usize>(
    name: &str,
    default: &str,
    given: Option<&str>,
    others: [(&str, &str); N],
) -> Markup {
    html! {
        select name=(name) {
            option value="" { (default) }
            @for (value, words) in others {
                option value=(value) selected[given == Some(value)] { (words) }
            }
        }
    }
}

impl Since {
    const OTHERS: [Self; 3] = [Self::Hour, Self::Week, Self::Ever];

    pub(super) const fn heading(self) -> &'static str {
        self.texts().1
    }

    /// The creation time at which the list ends. A day begins at midnight, UTC.
    pub(super) fn begin(self, now: Timestamp) -> Option<Timestamp> {
        let before = |span| now.checked_sub(span).ok();
        let day = SignedDuration::from_hours(24);
        match self {
            Self::Hour => before(SignedDuration::from_hours(1)),
            Self::Today => before(SignedDuration::from_secs(
                now.as_second().rem_euclid(day.as_secs()),
            )),
            Self::Week => before(day * 7),
            Self::Ever => None,
        }
    }
}
