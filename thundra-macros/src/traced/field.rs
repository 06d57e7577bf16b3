//! A field of the spans: an argument, or a value.

use std::cell::Cell;
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Error, Expr, LitStr, Path, Result, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_quote,
    spanned::Spanned,
};

/// `argument`, `argument.member`, `name = value` or `"name" = value`; `%` before a value records the `Display` text,
/// `?` the `Debug` text.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    span: Span,
    format: Format,
    value: Expr,
    /// The argument that a function must have to record the field, if the field stands on a group.
    pub(crate) of_argument: Option<Ident>,
    /// `true` for a field of the group around the function.
    pub(crate) is_inherited: bool,
    /// Becomes `true` once a function records the field.
    is_used: Rc<Cell<bool>>,
}

/// The text of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// The value with its type if `tracing` knows the type, else the `Debug` text.
    Typed,
    Display,
    Debug,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let span = input.span();
        if input.peek(LitStr) {
            let name = input.parse::<LitStr>()?.value();
            input
                .parse::<Token![=]>()
                .map_err(|error| Error::new(error.span(), format!("write `{name:?} = value`")))?;
            let format = input.parse()?;
            return Ok(Self::new(name, span, format, input.parse()?, None));
        }
        let format = input.parse()?;
        let first =
            input.call(Ident::parse_any).map_err(|_| Error::new(span, "a field is `argument` or `name = value`"))?;
        let mut parts = vec![first.clone()];
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            let at = input.span();
            let member = input.call(Ident::parse_any);
            parts.push(member.map_err(|_| Error::new(at, "a member without a name: write `name = argument.0`"))?);
        }
        let joined = |parts: &[Ident]| parts.iter().map(|part| part.unraw().to_string()).collect::<Vec<_>>().join(".");
        if format == Format::Typed && input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let format = input.parse()?;
            return Ok(Self::new(joined(&parts), span, format, input.parse()?, None));
        }
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error("a field is `argument`, `argument.member` or `name = value`"));
        }
        // `self.id` is the field `id`.
        let named = if first == "self" && parts.len() > 1 { parts.get(1..).unwrap_or_default() } else { &parts };
        Ok(Self::new(joined(named), span, format, parse_quote!(#(#parts).*), Some(first)))
    }
}

impl Parse for Format {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(if input.parse::<Option<Token![%]>>()?.is_some() {
            Self::Display
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Self::Debug
        } else {
            Self::Typed
        })
    }
}

impl Field {
    fn new(name: String, span: Span, format: Format, value: Expr, of_argument: Option<Ident>) -> Self {
        let is_used = Rc::default();
        Self { name, span, format, value, of_argument, is_inherited: false, is_used }
    }

    /// Returns the field for an item of the group.
    pub(crate) fn inherited(&self) -> Self {
        Self { is_inherited: true, ..self.clone() }
    }

    /// Returns the error of a field of a group that no function of the group records.
    pub(crate) fn unused(&self) -> Option<Error> {
        let argument = self.of_argument.as_ref().filter(|_| !self.is_used.get())?;
        Some(Error::new(self.span, format!("no function here has an argument `{argument}`")))
    }

    /// Returns `true` if a function with the given arguments records the field.
    pub(crate) fn applies(&self, arguments: &[Ident]) -> bool {
        let has = |name: &Ident| arguments.contains(name);
        let applies = !self.is_inherited
            || match &self.of_argument {
                Some(argument) => has(argument),
                None => !mentions(self.value.to_token_stream(), "self") || arguments.iter().any(|name| name == "self"),
            };
        if applies {
            self.is_used.set(true);
        }
        applies
    }

    /// Returns `true` if the value mentions the name.
    pub(crate) fn mentions(&self, name: &Ident) -> bool {
        mentions(self.value.to_token_stream(), &name.to_string())
    }

    /// Returns `name = value` for the macro `span!`. Without the `condition` of `cfg`, the value is empty.
    pub(crate) fn tokens(&self, thundra: &Path, condition: Option<&TokenStream>) -> TokenStream {
        let (name, value) = (LitStr::new(&self.name, self.span), &self.value);
        // At the value, where the compiler explains a missing trait.
        let value = match self.format {
            Format::Typed => quote_spanned! { value.span()=> #thundra::__private::field(&(#value)).thundra_field() },
            Format::Display => {
                quote_spanned! { value.span()=> #thundra::__private::tracing::field::display(&(#value)) }
            }
            Format::Debug => quote_spanned! { value.span()=> #thundra::__private::tracing::field::debug(&(#value)) },
        };
        match condition {
            None => quote! { #name = #value },
            // An element of a tuple may have an attribute. A block would drop temporaries too early.
            Some(condition) => quote! {
                #name = (
                    #[cfg(#condition)]
                    #value,
                    #[cfg(not(#condition))]
                    #thundra::__private::tracing::field::Empty,
                ).0
            },
        }
    }
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        // A format string may name the argument, as in `{name}`.
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        _ => false,
    })
}
