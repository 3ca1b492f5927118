//! Parts of the addresses of servers.

/// The user's password in an address.
pub(crate) fn password(url: &str) -> String {
    let (login, _) = url.rsplit_once('@').expect("the address names a user");
    let (_, password) = login.rsplit_once(':').expect("the address has a password");
    password.to_owned()
}

/// The port in an address.
pub(crate) fn port(url: &str) -> u16 {
    let (_, place) = url.rsplit_once('@').expect("the address names a user");
    let (_, rest) = place.split_once(':').expect("the address has a port");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port is a number")
}

/// The address with another database or virtual host.
pub(crate) fn with_last(url: &str, last: &str) -> String {
    let (start, _) = url.rsplit_once('/').expect("the address has a path");
    format!("{start}/{last}")
}
