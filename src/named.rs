//! Enumerations as tables: each value with its name (in SQL, in metrics, on the command line), or
//! with other cells.

/// Declares such an enumeration, each value with its name; adds `ALL`, `name` and `from_name`.
/// After `with` comes what each value has in addition to its name, as for `tabled!`.
macro_rules! named {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $type:ident {
            $($(#[$about:meta])* $value:ident = $name:literal,)+
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $type {
            $($(#[$about])* $value,)+
        }

        impl $type {
            /// Every value, in the order of their declaration.
            $visibility const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// Its name.
            #[must_use]
            $visibility const fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }

            /// The value of that name.
            #[must_use]
            $visibility fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.name() == name)
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $type:ident with $cell:ident: $of:ty {
            $($(#[$about:meta])* $value:ident = $name:literal, $is:expr;)+
        }
    ) => {
        named! {
            $(#[$attribute])*
            $visibility enum $type { $($(#[$about])* $value = $name,)+ }
        }
        tabled! { @cells $visibility $type $cell $of [$($value, $is;)+] }
    };
}

/// Declares an enumeration, each value with what the function after `with` returns for it.
macro_rules! tabled {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $type:ident with $cell:ident: $of:ty {
            $($(#[$about:meta])* $value:ident = $is:expr;)+
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $type {
            $($(#[$about])* $value,)+
        }
        tabled! { @cells $visibility $type $cell $of [$($value, $is;)+] }
    };
    (@cells $visibility:vis $type:ident $cell:ident $of:ty [$($value:ident, $is:expr;)+]) => {
        impl $type {
            #[doc = concat!("Its `", stringify!($cell), "`; constant per value.")]
            #[must_use]
            $visibility const fn $cell(self) -> $of {
                match self {
                    $(Self::$value => $is,)+
                }
            }
        }
    };
}
