//! What the scopes of a key allow.

use crate::domain::access::{Access, Scope};

fn allowed(scopes: &[Scope]) -> Vec<&'static str> {
    let access = Access {
        tenant: "acme".to_owned(),
        scopes: scopes.to_vec(),
    };
    let allowed = Scope::ALL.into_iter().filter(|scope| access.allows(*scope));
    allowed.map(Scope::name).collect()
}

#[test]
fn scopes_are_independent_and_admin_allows_everything() {
    assert_eq!(allowed(&[]), [""; 0]);
    assert_eq!(allowed(&[Scope::Read]), ["read"]);
    assert_eq!(allowed(&[Scope::Write]), ["write"]);
    assert_eq!(allowed(&[Scope::Write, Scope::Read]), ["read", "write"]);
    assert_eq!(allowed(&[Scope::Admin]), ["read", "write", "admin"]);
}

#[test]
fn a_scope_is_known_by_its_name() {
    for scope in Scope::ALL {
        assert_eq!(Scope::from_name(scope.name()), Some(scope));
    }
    for unknown in ["", "Read", "read ", "all"] {
        assert_eq!(Scope::from_name(unknown), None);
    }
}
