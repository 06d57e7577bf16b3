//! A variable of the environment as people read about it.

/// A variable of the environment that these crates read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// The form that a value has, as a message about a bad one quotes it after "it takes".
    pub form: &'static str,
    /// The value of an unset variable, in Markdown; empty where nothing stands for it.
    pub default: &'static str,
    /// The effect, in one or two sentences of Markdown.
    pub meaning: &'static str,
}

impl Variable {
    #[doc(hidden)]
    pub const fn new(name: &'static str, form: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Variable { name, form, default, meaning }
    }
}

/// Defines the variables of a crate: a constant for each, and the list of all.
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

/// Returns the rows of a table of variables in Markdown, as the configuration pages have them.
#[doc(hidden)]
pub fn table(variables: &[Variable]) -> String {
    let mut table = String::from("| Variable | Meaning | Takes | Default |\n|---|---|---|---|\n");
    for Variable { name, form, default, meaning } in variables {
        let form = form.replace('|', r"\|").replace('*', r"\*");
        table.push_str(&format!("| `{name}` | {meaning} | {form} | {default} |\n"));
    }
    table
}
