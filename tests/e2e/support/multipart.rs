//! Forms with files, as browsers send them.

use super::client::{Client, Reply};

pub(crate) const PDF: &str = "%PDF-1.7\n";

const BOUNDARY: &str = "e2e-boundary";

/// A part of a form: a file, or a field.
pub(crate) fn part(name: &str, file: Option<&str>, content: &str) -> String {
    let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
    format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
    )
}

impl Client {
    /// Sends a form of these parts.
    pub(crate) async fn upload(&self, path: &str, parts: &[String]) -> Reply {
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = format!("{}--{BOUNDARY}--\r\n", parts.concat());
        self.with("content-type", &form).post(path, body).await
    }
}
