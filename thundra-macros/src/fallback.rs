//! What stands beside an error: the item as it was, so that the user sees one error and not its echoes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Error;

use crate::item::Function;

/// For a function that was understood.
pub(crate) fn function(error: &Error, function: &Function) -> TokenStream {
    if !function.is_main() || function.sig.receiver().is_some() {
        return item(error, &function.to_token_stream());
    }
    // As the entry point, an `async fn main` would be an error of its own. Without its attributes, since another
    // `main` among them may be the mistake.
    let nested = Function { attrs: Vec::new(), ..function.clone() };
    let error = error.to_compile_error();
    quote! {
        #error
        #[allow(dead_code, unused_variables)]
        fn main() {
            #nested
        }
    }
}

/// For anything else.
pub(crate) fn item(error: &Error, item: &TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    quote! {
        #error
        #item
    }
}
