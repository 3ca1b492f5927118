//! Enumerations whose values have names: in SQL, in metrics, on the command line.

/// Declares such an enumeration, each value with its name; adds `ALL`, `name` and `from_name`.
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
}
