//! The parameters of a function wrapped in place.
//!
//! Every parameter gets a name in the signature. The wrapper looks for a context under the name. The pattern of the
//! user moves into the wrapped body. A parameter with a plain name keeps the name, because other attributes may refer
//! to it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, FnArg, Ident, Pat, PatType, Signature, parse_quote};

/// A parameter other than `self`.
pub(crate) struct Param {
    pub(crate) name: Ident,
    /// The `#[cfg(…)]` attributes, repeated wherever the name is used.
    pub(crate) cfgs: Vec<Attribute>,
    /// Lint attributes. A lint attribute is about the pattern. In the signature, an `expect` would be unfulfilled.
    lints: Vec<Attribute>,
    /// The pattern of the user.
    pub(crate) pattern: Pat,
}

/// Moves the patterns out of the signature.
pub(crate) fn take(sig: &mut Signature) -> Vec<Param> {
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(param) => Some(param),
        FnArg::Receiver(_) => None,
    });
    typed.enumerate().map(|(index, param)| Param::take(index, param)).collect()
}

impl Param {
    fn take(index: usize, param: &mut PatType) -> Self {
        let name = match &*param.pat {
            Pat::Ident(pat) => pat.ident.clone(),
            _ => format_ident!("__thundra_argument{index}", span = Span::mixed_site()),
        };
        let pat = std::mem::replace(&mut *param.pat, parse_quote!(#name));
        let (lints, kept) = param.attrs.drain(..).partition::<Vec<_>, _>(is_lint);
        param.attrs = kept;
        let cfgs: Vec<_> = param.attrs.iter().filter(|attr| is_cfg(attr)).cloned().collect();
        Self { name, cfgs, lints, pattern: pat }
    }

    /// Returns `let PATTERN = name;`.
    pub(crate) fn binding(&self) -> TokenStream {
        let Self { name, cfgs, lints, pattern } = self;
        // Parts of the argument without a binding drop together with the rest.
        let whole = self.is_destructured().then(|| quote! { #(#cfgs)* let #name = #name; });
        quote! { #whole #(#cfgs)* #(#lints)* let #pattern = #name; }
    }

    /// Returns `true` unless the pattern is a plain name.
    pub(crate) fn is_destructured(&self) -> bool {
        !matches!(&self.pattern, Pat::Ident(pat) if pat.subpat.is_none())
    }
}

/// Returns `true` for `#[cfg(…)]`.
pub(crate) fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg")
}

fn is_lint(attr: &Attribute) -> bool {
    ["allow", "deny", "expect", "forbid", "warn"].iter().any(|level| attr.path().is_ident(level))
}
