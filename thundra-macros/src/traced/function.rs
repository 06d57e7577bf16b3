//! The expansion of a function: a span around the body.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, FnArg, ItemType, Pat, PatIdent, Path, ReturnType, Signature, Type,
    ext::IdentExt,
    parse_quote,
    visit_mut::{self, VisitMut},
};

use super::{attr::Args, field::Field, owner::Owner};
use crate::{
    body::{block, inner_future, internal, with_body},
    item::Function,
    params::{self, Param, is_cfg},
    returns::Returns,
};

/// The properties shared by the functions of a group.
#[derive(Clone, Default)]
pub(super) struct Context {
    /// The type or the trait of the methods.
    pub(super) owner: Option<Owner>,
    /// The associated types of an `impl` block.
    pub(super) types: Vec<ItemType>,
}

/// Expands a function with a span around the body.
pub(super) fn expand_function(args: &Args, context: &Context, function: &Function) -> TokenStream {
    let Function { attrs, vis, sig, brace, inner_attrs, body } = function;
    let thundra = args.krate.clone().unwrap_or_else(|| parse_quote!(::thundra_core));
    let returns = returns_of(sig, context);
    let arguments = arguments(sig);
    let fields: Vec<&Field> = args.fields.iter().filter(|field| field.applies(&arguments)).collect();
    let make_span = span(&thundra, args, context, sig, &fields);

    let mut sig = sig.clone();
    let body = match &returns {
        None => {
            let (entered, body) = (internal("__thundra_entered"), block(function));
            quote! {
                let #entered = #make_span.entered();
                #body
            }
        }
        Some(returns @ Returns::Async(_)) => {
            let params = params::take(&mut sig);
            let bindings = bindings(&sig, &params, &fields);
            let (_, future) = inner_future(&thundra, function, returns, bindings);
            let make_span = with_patterns(&params, &fields, make_span);
            instrumented(&thundra, &make_span, &future)
        }
        Some(returns @ Returns::Future { boxed, .. }) => {
            let pinned = |future: TokenStream| {
                if *boxed {
                    quote! { ::std::boxed::Box::pin(#future) }
                } else {
                    future
                }
            };
            let (before, future) = inner_future(&thundra, function, returns, TokenStream::new());
            if returns.lone_block(body).is_some() {
                // The span begins with the first poll of the future, as the span of an `async fn` does.
                let instrumented = instrumented(&thundra, &make_span, &future);
                pinned(quote! { async move { #instrumented } })
            } else {
                let (span, entered) = (internal("__thundra_span"), internal("__thundra_entered"));
                let future = pinned(quote! { #thundra::__private::tracing::Instrument::instrument(#future, #span) });
                quote! {
                    let #span = #make_span;
                    let #entered = #span.enter();
                    #before
                    ::core::mem::drop(#entered);
                    #future
                }
            }
        }
    };
    with_body(quote! { #(#attrs)* #vis #sig }, *brace, quote! { #(#inner_attrs)* #body })
}

/// Returns the statements that make a span, and await a future in the span.
fn instrumented(thundra: &Path, make_span: &TokenStream, future: &TokenStream) -> TokenStream {
    let span = internal("__thundra_span");
    quote! {
        let #span = #make_span;
        #thundra::__private::tracing::Instrument::instrument(#future, #span).await
    }
}

/// Returns the bindings of the arguments inside of the future.
fn bindings(sig: &Signature, params: &[Param], fields: &[&Field]) -> TokenStream {
    let whole_self = sig.receiver().filter(|receiver| receiver.reference.is_none()).map(|receiver| {
        let this = &receiver.self_token;
        quote! { let _ = &#this; } // captures `self` and not the fields that the body names
    });
    // Recording an argument counts as a use of the argument.
    let bindings = params.iter().map(|param| {
        let (binding, used) = (param.binding(), is_recorded(&param.pattern, fields).then(|| using(param)));
        quote! { #binding #used }
    });
    quote! { #whole_self #(#bindings)* }
}

/// Returns the expression of the span, after the patterns needed by the fields. The user's patterns come too late for
/// the fields, because the future binds the patterns after the span is made.
fn with_patterns(params: &[Param], fields: &[&Field], make_span: TokenStream) -> TokenStream {
    let recorded = params.iter().filter(|param| param.is_destructured() && is_recorded(&param.pattern, fields));
    let patterns = recorded.map(|param| {
        let (cfgs, pattern, argument, used) = (&param.cfgs, by_reference(&param.pattern), &param.name, using(param));
        quote! { #(#cfgs)* let #pattern = &#argument; #used }
    });
    let patterns: Vec<_> = patterns.collect();
    if patterns.is_empty() {
        make_span
    } else {
        quote! { { #(#patterns)* #make_span } }
    }
}

/// Returns the pattern for a reference to the argument, without `mut`, `ref` and `&`.
fn by_reference(pattern: &Pat) -> Pat {
    struct Plain;

    impl VisitMut for Plain {
        fn visit_pat_mut(&mut self, pat: &mut Pat) {
            visit_mut::visit_pat_mut(self, pat);
            if let Pat::Reference(reference) = pat {
                *pat = (*reference.pat).clone();
            }
        }

        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            (pat.by_ref, pat.mutability) = (None, None);
            visit_mut::visit_pat_ident_mut(self, pat);
        }
    }

    let mut pattern = pattern.clone();
    Plain.visit_pat_mut(&mut pattern);
    pattern
}

/// Returns a statement that uses the names of a parameter. A lint attribute would conflict with a `forbid`.
fn using(param: &Param) -> TokenStream {
    let (cfgs, names) = (&param.cfgs, bound(&param.pattern));
    quote! { #(#cfgs)* let _ = (#(&#names,)*); }
}

/// Returns `true` if a field mentions a name of the pattern.
fn is_recorded(pattern: &Pat, fields: &[&Field]) -> bool {
    bound(pattern).iter().any(|name| fields.iter().any(|field| field.mentions(name)))
}

/// Returns the expression of the span.
fn span(thundra: &Path, args: &Args, context: &Context, sig: &Signature, fields: &[&Field]) -> TokenStream {
    let tracing = quote! { #thundra::__private::tracing };
    let name = match &args.name {
        Some((_, name)) => name.to_token_stream(),
        None => {
            let name = sig.ident.unraw().to_string();
            context.owner.as_ref().map_or_else(|| name.clone(), |owner| owner.method(&name)).to_token_stream()
        }
    };
    let level = args.level.as_ref().map_or_else(|| quote! { #tracing::Level::INFO }, |level| level.tokens(&tracing));
    let target = args.target.as_ref().map_or_else(|| quote! { ::core::module_path!() }, ToTokens::to_token_stream);
    let fields = fields.iter().map(|field| field.tokens(thundra, condition(sig, field).as_ref()));
    quote! { #tracing::span!(target: #target, #level, #name, #(#fields),*) }
}

/// Returns the condition of `cfg` for the arguments in a field; `None` for arguments without a condition.
fn condition(sig: &Signature, field: &Field) -> Option<TokenStream> {
    let params = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(param) => Some((bound(&param.pat), predicates(&param.attrs))),
        FnArg::Receiver(_) => None,
    });
    // Parameters of opposite conditions may have the same name.
    let mut alternatives = BTreeMap::<Ident, Vec<Vec<TokenStream>>>::new();
    for (names, predicates) in params {
        for name in names.into_iter().filter(|name| field.mentions(name)) {
            alternatives.entry(name).or_default().push(predicates.clone());
        }
    }
    let conditional = alternatives.values().filter(|alternatives| alternatives.iter().all(|all| !all.is_empty()));
    let conditions: Vec<_> = conditional.map(|alternatives| quote! { any(#(all(#(#alternatives),*)),*) }).collect();
    (!conditions.is_empty()).then(|| quote! { all(#(#conditions),*) })
}

/// Returns the predicates of the `#[cfg(…)]` attributes.
fn predicates(attrs: &[Attribute]) -> Vec<TokenStream> {
    let lists = attrs.iter().filter(|attr| is_cfg(attr)).filter_map(|attr| attr.meta.require_list().ok());
    lists.map(|list| list.tokens.clone()).collect()
}

/// Returns the names of the arguments, `self` included.
fn arguments(sig: &Signature) -> Vec<Ident> {
    let names = sig.inputs.iter().flat_map(|input| match input {
        FnArg::Receiver(receiver) => vec![Ident::new("self", receiver.self_token.span)],
        FnArg::Typed(param) => bound(&param.pat),
    });
    names.collect()
}

/// Returns the names that a pattern binds.
fn bound(pattern: &Pat) -> Vec<Ident> {
    struct Names(Vec<Ident>);

    impl VisitMut for Names {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            self.0.push(pat.ident.clone());
            visit_mut::visit_pat_ident_mut(self, pat);
        }
    }

    let mut names = Names(Vec::new());
    names.visit_pat_mut(&mut pattern.clone());
    names.0
}

/// Returns the future that a function returns; `None` for a plain function.
fn returns_of(sig: &Signature, context: &Context) -> Option<Returns> {
    // The associated type of a `tower::Service` is a box, or a type of the user's own.
    let mut sig = sig.clone();
    if let ReturnType::Type(_, ty) = &mut sig.output
        && let Type::Path(path) = &**ty
        && path.qself.is_none()
        && path.path.segments.len() == 2
        && path.path.segments.first().is_some_and(|first| first.ident == "Self")
    {
        let last = path.path.segments.last()?;
        let resolved = context.types.iter().find(|item| item.ident == last.ident)?;
        *ty = resolved.ty.clone();
    }
    Returns::of(&sig).ok()
}
