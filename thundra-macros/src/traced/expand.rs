//! The expansion of items and groups. Selects the functions that get a span.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Error, ItemMod, ItemType, Meta, Path, Result, Token, punctuated::Punctuated};

use super::{
    attr::{Args, TWICE, is_named},
    function::{Context, expand_function},
    item::{Group, Member, Members},
};
use crate::{body::with_body, item::Function};

/// Expands the attribute on an item.
pub(crate) fn item(args: &Args, mut member: Member) -> Result<TokenStream> {
    if let Some(attr) = member.attrs_mut().iter().find(|attr| is_named(attr.path(), "traced")) {
        return Err(Error::new_spanned(attr, TWICE));
    }
    if args.skip.is_some() {
        // Without a group around the item, as under `#[cfg_attr(…, traced)]`, `skip` has no effect.
        return Ok(member.into_token_stream());
    }
    let context = Context::default();
    match member {
        Member::Function(function) if function.attrs.iter().any(makes_span) => Ok(function.into_token_stream()),
        Member::Function(function) => {
            if let Some(constness) = &function.sig.constness {
                return Err(Error::new_spanned(
                    constness,
                    "a `const fn` has no span, because the compiler runs it too",
                ));
            }
            Ok(expand_function(args, &context, &function))
        }
        Member::Group(group) => expand_group(args, group),
        Member::Other(_, other) => {
            let is_module = syn::parse2::<ItemMod>(other.clone()).is_ok();
            let message = if is_module {
                "`#[traced]` cannot read the file of a module: put it on the items in the file"
            } else {
                "`#[traced]` goes on an `impl` block, an inline `mod`, a trait, or a function with a body"
            };
            Err(Error::new_spanned(other, message))
        }
    }
}

/// Expands an item of a group.
fn expand_member(group: &Args, context: &Context, mut member: Member) -> Result<TokenStream> {
    let args = Args::take(member.attrs_mut())?;
    if args.skip.is_some() || member.attrs_mut().iter().any(|attr| is_conditional(attr, &["traced"])) {
        return Ok(member.into_token_stream());
    }
    let args = args.within(group);
    match member {
        Member::Function(function) if is_traceable(&function) => Ok(expand_function(&args, context, &function)),
        Member::Group(inner) => expand_group(&args, inner),
        member => Ok(member.into_token_stream()),
    }
}

/// Expands each item of a group.
fn expand_group(args: &Args, group: Group) -> Result<TokenStream> {
    if let Some((keyword, _)) = &args.name {
        return Err(Error::new(keyword.span(), "`name` names the span of one function: put it on the function"));
    }
    let Group { attrs, head, owner, brace, inner_attrs, items } = group;
    let Members(members) = syn::parse2(items)?;
    let types = members.iter().filter_map(associated_type).collect();
    let context = Context { owner, types };

    let mut body = quote! { #(#inner_attrs)* };
    let mut errors: Option<Error> = None;
    let mut report = |error| match &mut errors {
        Some(errors) => errors.combine(error),
        none => *none = Some(error),
    };
    for member in members {
        match expand_member(args, &context, member) {
            Ok(tokens) => body.extend(tokens),
            Err(error) => report(error),
        }
    }
    // A field of an outer group may be the field of another item of the outer group.
    args.fields.iter().filter(|field| !field.is_inherited).filter_map(|field| field.unused()).for_each(report);
    match errors {
        Some(errors) => Err(errors),
        None => Ok(with_body(quote! { #(#attrs)* #head }, brace, body)),
    }
}

/// Returns an associated type without parameters.
fn associated_type(member: &Member) -> Option<ItemType> {
    let Member::Other(_, tokens) = member else { return None };
    syn::parse2::<ItemType>(tokens.clone()).ok().filter(|item| item.generics.params.is_empty())
}

/// Returns `false` for a function that cannot have a span, has a span already, or is called by a test harness.
fn is_traceable(function: &Function) -> bool {
    let sig = &function.sig;
    let is_left_out = |attr: &Attribute| makes_span(attr) || is_named(attr.path(), "test");
    sig.constness.is_none() && sig.abi.is_none() && !function.attrs.iter().any(is_left_out)
}

/// Returns `true` for an attribute that puts a span on a function, perhaps under a condition.
fn makes_span(attr: &Attribute) -> bool {
    const NAMES: [&str; 2] = ["instrument", "handler"];
    is_one_of(attr.path(), &NAMES) || is_conditional(attr, &NAMES)
}

/// Returns `true` for a `#[cfg_attr(…)]` with an attribute whose name is among `names`.
fn is_conditional(attr: &Attribute, names: &[&str]) -> bool {
    if !attr.path().is_ident("cfg_attr") {
        return false;
    }
    let parts = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    parts.iter().skip(1).any(|part| is_one_of(part.path(), names))
}

fn is_one_of(path: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| is_named(path, name))
}
