//! The body of a function as a future, for a wrapper that awaits the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{
    Path, ReturnType, Type, parse_quote,
    spanned::Spanned,
    token::Brace,
    visit_mut::{self, VisitMut},
};

use crate::{
    item::Function,
    returns::{LoneBlock, Returns},
};

/// Returns the statements before the future, and the future in the body or made by the body.
///
/// `thundra` is the path of the crate with the functions of the expansion.
pub(crate) fn inner_future(
    thundra: &Path,
    function: &Function,
    returns: &Returns,
    bindings: TokenStream,
) -> (TokenStream, TokenStream) {
    let return_edge = returns.output().map(|output| return_edge(thundra, output));
    let body = block(function);

    // `?` and `return` of the body end at the innermost block. For an `async fn`, the block binds the arguments in the
    // order of the signature, and the drop order stays the same. The arm of a `match` drops the temporaries of the last
    // expression before the arguments. The braces of the arm hide the items of the body from the return type.
    match (returns, returns.lone_block(&function.body)) {
        (Returns::Async(_), _) => {
            (TokenStream::new(), quote! { async move { #bindings #return_edge match () { () => #body } } })
        }
        (Returns::Future { .. }, Some(LoneBlock { keywords, body })) => {
            (bindings, quote! { #keywords { #return_edge match () { () => #body } } })
        }
        (Returns::Future { boxed, output }, None) => {
            // `impl Trait` cannot be written in a body, so only the output of an opaque future is named.
            let (output, ty) = match (&function.sig.output, boxed) {
                (ReturnType::Type(arrow, ty), true) => {
                    let ty = without_opaque_types(ty);
                    (None, Some(quote! { #arrow #ty }))
                }
                _ => (output.as_deref().map(without_opaque_types), None),
            };
            let (future, output) = (internal("__thundra_future"), output.unwrap_or_else(|| parse_quote!(_)));
            let make = quote! {
                let #future = #thundra::__private::future_of::<#output, _, _>(move || #ty {
                    #bindings
                    match () { () => #body }
                });
            };
            (make, quote! { #future })
        }
    }
}

/// Returns a `return` that never runs. An async block has no place for a type, and `?` and coercions in the body need
/// the type.
fn return_edge(thundra: &Path, output: &Type) -> TokenStream {
    let (ty, span) = (without_opaque_types(output), output.span());
    if let Type::Infer(_) = ty {
        return TokenStream::new();
    }
    // At the type of the signature, where the compiler then explains a mismatch.
    let never = Ident::new("__thundra_never", Span::mixed_site().located_at(span));
    quote! {
        if let ::core::option::Option::Some(#never) = #thundra::__private::never::<#ty>() {
            return #never;
        }
    }
}

/// Returns the body as a block. With braces of the macro no lint finds the braces superfluous.
pub(crate) fn block(function: &Function) -> TokenStream {
    let brace = Brace(Span::call_site().located_at(function.brace.span.join()));
    with_body(TokenStream::new(), brace, function.body.clone())
}

/// Returns the tokens, followed by a body in the braces `brace`.
pub(crate) fn with_body(mut head: TokenStream, brace: Brace, body: TokenStream) -> TokenStream {
    brace.surround(&mut head, |tokens| tokens.extend(body));
    head
}

/// Returns a name invisible to the user's code.
pub(crate) fn internal(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Returns the type with `_` in place of `impl Trait` and `!`, because a body cannot contain these types.
fn without_opaque_types(ty: &Type) -> Type {
    struct Erase;

    impl VisitMut for Erase {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) | Type::Never(_) => *ty = parse_quote!(_),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }

    let mut ty = ty.clone();
    Erase.visit_type_mut(&mut ty);
    ty
}
