//! The statements of all lists, built from one template.

use std::sync::LazyLock;

use super::list_cursor::Sort;

const LIST: &str = include_str!("../queries/read/list_processes.sql");
/// The placeholder of the sort column.
const COLUMN: &str = "{at}";
/// Marks the end of a line that belongs to one list only.
const ONLY: &str = " -- only ";

/// The statement of each list.
static STATEMENTS: LazyLock<[String; 4]> = LazyLock::new(|| Sort::ALL.map(filled_in));

/// The statement of a page in that order.
#[must_use]
pub fn statement(sort: Sort) -> &'static str {
    let [created, opened, ended, group] = &*STATEMENTS;
    match sort {
        Sort::Created => created,
        Sort::Opened => opened,
        Sort::Ended => ended,
        Sort::Group => group,
    }
}

/// The template filled in for one list.
fn filled_in(sort: Sort) -> String {
    let (column, own) = match sort {
        Sort::Created => ("created_at", ""),
        Sort::Opened => ("opened_at", "by opened_at"),
        Sort::Ended => ("ended_at", "by ended_at"),
        Sort::Group => ("created_at", "of a group"),
    };
    let line = |line: &str| {
        let (text, list) = line.split_once(ONLY).unwrap_or((line, own));
        (list == own).then(|| text.replace(COLUMN, column) + "\n")
    };
    LIST.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_has_its_column_and_its_own_bound_alone() {
        for (sort, own, others) in [
            (Sort::Created, "(p.created_at, p.key) <", 0),
            (Sort::Opened, "p.opened_at >= coalesce($13", 2),
            (Sort::Ended, "p.ended_at >= coalesce($15", 2),
            (Sort::Group, "and p.group_name = $9", 2),
        ] {
            let statement = statement(sort);
            assert_eq!(statement.matches(own).count(), 2, "{statement}");
            let bounds = ["p.opened_at >=", "p.ended_at >=", "p.group_name ="];
            let bounds = bounds.map(|bound| statement.matches(bound).count());
            assert_eq!(bounds.iter().sum::<usize>(), others, "{statement}");
            assert!(statement.lines().skip(3).all(|line| !line.contains(COLUMN)));
        }
    }
}
