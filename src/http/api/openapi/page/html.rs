//! Fragments of HTML; all text in them is escaped.

use std::fmt::Write;

/// A fragment of HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Escapes a text.
    pub(super) fn text(text: &str) -> Self {
        let mut html = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                other => html.push(other),
            }
        }
        Self(html)
    }

    /// A text in which `code` is in backticks.
    pub(super) fn prose(text: &str) -> Self {
        let mut html = Self::default();
        for (number, part) in text.split('`').enumerate() {
            match number % 2 {
                0 => html.add(&Self::text(part)),
                _ => html.add(&Self::element("code", &Self::text(part))),
            }
        }
        html
    }

    /// An element; `opening` is its name with attributes, which are not escaped.
    pub(super) fn element(opening: &str, inner: &Self) -> Self {
        let name = opening.split(' ').next().unwrap_or_default();
        Self(format!("<{opening}>{}</{name}>", inner.0))
    }

    /// A link within this page or site.
    pub(super) fn link(to: &str, inner: &Self) -> Self {
        Self(format!("<a href=\"{}\">{}</a>", Self::text(to).0, inner.0))
    }

    /// An element with an id.
    pub(super) fn place(name: &str, id: &str, inner: &Self) -> Self {
        let id = Self::text(id).0;
        Self(format!("<{name} id=\"{id}\">{}</{name}>", inner.0))
    }

    /// A table; empty if it has no rows.
    pub(super) fn table<const N: usize>(heads: [&str; N], rows: &[[Self; N]]) -> Self {
        if rows.is_empty() {
            return Self::default();
        }
        let cells = |name: &str, cells: &[Self]| {
            let cells = cells.iter().map(|cell| Self::element(name, cell));
            Self::element("tr", &cells.collect())
        };
        let mut html = cells("th", &heads.map(Self::text));
        rows.iter().for_each(|row| html.add(&cells("td", row)));
        Self::element("div class=\"table\"", &Self::element("table", &html))
    }

    pub(super) fn add(&mut self, more: &Self) {
        // Writing to a string can't fail.
        let _ = self.0.write_str(&more.0);
    }

    /// The whole page with this as its body.
    pub(super) fn page(&self, title: &str, style: &str) -> String {
        let title = Self::text(title).0;
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{style}</style></head><body>{}</body></html>\n",
            self.0
        )
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<T: IntoIterator<Item = Html>>(parts: T) -> Self {
        let mut html = Self::default();
        parts.into_iter().for_each(|part| html.add(&part));
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let evil = "<script>&\"'";
        let safe = "&lt;script&gt;&amp;&quot;&#39;";
        assert_eq!(Html::text(evil).0, safe);
        assert_eq!(Html::prose("a `<b>`").0, "a <code>&lt;b&gt;</code>");
        let link = Html::link(evil, &Html::text(evil));
        assert_eq!(link.0, format!("<a href=\"{safe}\">{safe}</a>"));
        let place = Html::place("section", evil, &Html::default());
        assert_eq!(place.0, format!("<section id=\"{safe}\"></section>"));
        assert!(!Html::default().page(evil, "").contains("<script>"));
    }
}
