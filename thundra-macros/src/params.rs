//! The arguments of a function that is wrapped in place.
//!
//! Each gets a name in the signature, by which its context can be asked for, and is bound by the pattern that the user
//! wrote inside the wrapped body. A name that the user gave stays in the signature: other attributes look for it there.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, FnArg, Ident, Pat, PatType, Signature, parse_quote};

/// One argument, `self` excepted.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    /// `#[cfg(…)]`, which every mention of the name has to repeat.
    pub(crate) cfgs: Vec<Attribute>,
    /// `let PATTERN = name;`
    pub(crate) binding: TokenStream,
}

/// Takes the patterns out of the signature.
pub(crate) fn take(sig: &mut Signature) -> Vec<Argument> {
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    typed.enumerate().map(|(index, argument)| Argument::take(index, argument)).collect()
}

impl Argument {
    fn take(index: usize, argument: &mut PatType) -> Self {
        let name = match &*argument.pat {
            Pat::Ident(pat) => pat.ident.clone(),
            _ => format_ident!("__thundra_argument{index}", span = Span::mixed_site()),
        };
        let pat = std::mem::replace(&mut *argument.pat, parse_quote!(#name));
        // A lint about the variable is a lint about the pattern: `expect` would find nothing in the signature.
        let (lints, kept) = argument.attrs.drain(..).partition::<Vec<_>, _>(is_lint);
        argument.attrs = kept;
        let cfgs: Vec<_> = argument.attrs.iter().filter(|attr| is_cfg(attr)).cloned().collect();
        // What a pattern leaves behind drops with the rest of the argument.
        let whole = match pat {
            Pat::Ident(_) => TokenStream::new(),
            _ => quote! { #(#cfgs)* let #name = #name; },
        };
        let binding = quote! { #whole #(#cfgs)* #(#lints)* let #pat = #name; };
        Self { name, cfgs, binding }
    }
}

/// Whether the attribute decides that the item under it exists.
pub(crate) fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg")
}

fn is_lint(attr: &Attribute) -> bool {
    ["allow", "deny", "expect", "forbid", "warn"].iter().any(|level| attr.path().is_ident(level))
}
