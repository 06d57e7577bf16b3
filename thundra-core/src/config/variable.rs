//! Variables of the environment, documented.

/// A variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// The form of valid values, quoted after "it takes" in messages about invalid values.
    pub form: &'static str,
    /// The default in Markdown; empty without a default. Only documentation and its tests show it, so programs are
    /// spared the text.
    #[cfg(feature = "testing")]
    pub default: &'static str,
    /// The effect, as sentences in Markdown.
    #[cfg(feature = "testing")]
    pub meaning: &'static str,
}

impl Variable {
    #[doc(hidden)]
    #[cfg_attr(not(feature = "testing"), expect(unused_variables))]
    pub const fn new(name: &'static str, form: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Variable {
            name,
            form,
            #[cfg(feature = "testing")]
            default,
            #[cfg(feature = "testing")]
            meaning,
        }
    }
}

/// Defines a constant for each variable of a crate, and the list of all variables.
#[doc(hidden)]
#[macro_export]
macro_rules! variables {
    (
        $(#[$doc:meta])*
        $visibility:vis const $list:ident;
        $($constant:ident = $name:literal { form: $form:expr, default: $default:expr, meaning: $meaning:expr $(,)? })*
    ) => {
        $(pub(crate) const $constant: $crate::Variable = $crate::Variable::new($name, $form, $default, $meaning);)*
        $(#[$doc])*
        $visibility const $list: &[$crate::Variable] = &[$($constant),*];
    };
}

/// Returns the table of variables of the configuration pages, in Markdown.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub fn table(variables: &[Variable]) -> String {
    let mut table = String::from("| Variable | Meaning | Takes | Default |\n|---|---|---|---|\n");
    for Variable { name, form, default, meaning } in variables {
        let form = form.replace('|', r"\|").replace('*', r"\*");
        table.push_str(&format!("| `{name}` | {meaning} | {form} | {default} |\n"));
    }
    table
}
