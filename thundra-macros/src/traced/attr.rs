//! The arguments of `#[traced]`, parsed.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, Expr, Ident, Lit, Meta, Path, Result, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Paren,
};

use super::field::Field;

const LEGAL: &str = "`#[traced]` takes `fields(argument, …)`, `level = \"debug\"`, `target = \"…\"`, `name = \"…\"`, `skip` \
                     and `crate = path`";
const LEVELS: &str = "`level` is \"trace\", \"debug\", \"info\", \"warn\", \"error\", or a path to a `tracing::Level`";

/// The message for a second attribute.
pub(crate) const TWICE: &str = "`#[traced]` is given twice: write the arguments into one attribute";

/// `#[traced(fields(…), level = …, target = …, name = …, skip, crate = path)]`, each at most once, in any order.
#[derive(Clone, Default)]
pub(crate) struct Args {
    /// The keyword.
    pub(crate) skip: Option<Ident>,
    /// The name of the span of one function, in place of the name of the function.
    pub(crate) name: Option<(Ident, Expr)>,
    /// The name of a level, or a path.
    pub(crate) level: Option<Level>,
    /// The target of the spans, in place of the module.
    pub(crate) target: Option<Expr>,
    /// The recorded arguments and values.
    pub(crate) fields: Vec<Field>,
    /// The path of the crate that exports the attribute.
    pub(crate) krate: Option<Path>,
}

/// A level of `tracing`.
#[derive(Clone)]
pub(crate) enum Level {
    /// The constant of `tracing::Level`.
    Named(Ident),
    Path(Path),
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        let mut fields = None;

        while !input.is_empty() {
            let at = input.span();
            let keyword = input.call(Ident::parse_any).map_err(|_| Error::new(at, LEGAL))?;
            let is_duplicate = if keyword == "skip" {
                args.skip.replace(keyword.clone()).is_some()
            } else if keyword == "name" {
                let name = parse_value(&keyword, "\"name of the span\"", input)?;
                args.name.replace((keyword.clone(), name)).is_some()
            } else if keyword == "level" {
                args.level.replace(Level::of(&parse_value(&keyword, "\"debug\"", input)?)?).is_some()
            } else if keyword == "target" {
                args.target.replace(parse_value(&keyword, "\"target\"", input)?).is_some()
            } else if keyword == "fields" {
                fields.replace(parse_fields(&keyword, input)?).is_some()
            } else if keyword == "crate" {
                let path = parse_value(&keyword, "path", input)?;
                let Expr::Path(path) = path else {
                    return Err(Error::new_spanned(path, "`crate` names a path: write `crate = path`"));
                };
                args.krate.replace(path.path).is_some()
            } else {
                return Err(Error::new(at, format!("unknown argument `{keyword}`: {LEGAL}")));
            };
            if is_duplicate {
                return Err(Error::new(at, format!("`{keyword}` is given twice: {LEGAL}, each once")));
            }
            if !input.is_empty() {
                let at = input.span();
                input
                    .parse::<Token![,]>()
                    .map_err(|_| Error::new(at, format!("expected a comma after `{keyword}`: {LEGAL}")))?;
            }
        }
        args.fields = fields.unwrap_or_default();
        Ok(args)
    }
}

impl Args {
    /// Removes the `#[traced]` attribute of an item in a group, and returns the arguments of the attribute.
    pub(crate) fn take(attrs: &mut Vec<Attribute>) -> Result<Self> {
        let (own, others) = attrs.drain(..).partition::<Vec<_>, _>(|attr| is_named(attr.path(), "traced"));
        *attrs = others;
        let mut own = own.into_iter();
        let args = match own.next().map(|attr| attr.meta) {
            None | Some(Meta::Path(_)) => Self::default(),
            Some(meta) => meta.require_list()?.parse_args()?,
        };
        match own.next() {
            None => Ok(args),
            Some(second) => Err(Error::new_spanned(second, TWICE)),
        }
    }

    /// Returns the arguments of the item, with the arguments of the group around the item in place of missing
    /// arguments.
    pub(crate) fn within(mut self, group: &Self) -> Self {
        let inherited = group.fields.iter().filter(|field| self.fields.iter().all(|own| own.name != field.name));
        let inherited: Vec<_> = inherited.map(Field::inherited).collect();
        self.fields.splice(0..0, inherited);
        Self {
            skip: self.skip,
            name: self.name,
            level: self.level.or_else(|| group.level.clone()),
            target: self.target.or_else(|| group.target.clone()),
            fields: self.fields,
            krate: self.krate.or_else(|| group.krate.clone()),
        }
    }
}

impl Level {
    fn of(value: &Expr) -> Result<Self> {
        let named = |name: &str, span| {
            ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
                .iter()
                .find(|level| name.eq_ignore_ascii_case(level))
                .map(|level| Self::Named(Ident::new(level, span)))
        };
        let level = match value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => named(&text.value(), text.span()),
                _ => None,
            },
            Expr::Path(path) => Some(Self::Path(path.path.clone())),
            _ => None,
        };
        level.ok_or_else(|| Error::new_spanned(value, LEVELS))
    }

    /// Returns the level as an expression.
    pub(crate) fn tokens(&self, tracing: &TokenStream) -> TokenStream {
        match self {
            Self::Named(level) => quote! { #tracing::Level::#level },
            Self::Path(path) => path.to_token_stream(),
        }
    }
}

/// Returns `true` for a path that ends with the name.
pub(crate) fn is_named(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

fn parse_value(keyword: &Ident, example: &str, input: ParseStream<'_>) -> Result<Expr> {
    let wrong = |at: Span| Error::new(at, format!("`{keyword}` needs a value: write `{keyword} = {example}`"));

    if !input.peek(Token![=]) {
        return Err(wrong(keyword.span()));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(wrong(equals.span));
    }
    input.parse()
}

fn parse_fields(keyword: &Ident, input: ParseStream<'_>) -> Result<Vec<Field>> {
    if !input.peek(Paren) {
        return Err(Error::new(
            keyword.span(),
            "`fields` is a list: write `fields(argument)` or `fields(name = value)`",
        ));
    }
    let content;
    parenthesized!(content in input);
    let fields = Punctuated::<Field, Token![,]>::parse_terminated(&content)?;
    Ok(fields.into_iter().collect())
}
