//! Operators that move, join and reshape elements, and those whose result is known before any input is.

mod by_values;
mod cast;
mod center_crop_pad;
mod col2im;
mod concat;
mod constant;
mod depth_to_space;
mod expand;
mod eye_like;
mod gather;
mod identity;
mod one_hot;
mod pad;
mod range;
mod reshape;
mod resize;
mod reverse_sequence;
mod scatter;
mod select;
mod shape;
mod slice;
mod split;
mod squeeze;
mod tensor_scatter;
mod tf_idf_vectorizer;
mod transpose;
mod trilu;

use crate::lowering::operator::{Operator, any, known, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    any("Cast", cast::cast),
    any("CastLike", cast::cast_like).with_parameters(&[1]),
    any("CenterCropPad", center_crop_pad::lower).with_parameters(&[1]),
    any("Col2Im", col2im::lower).with_parameters(&[1, 2]),
    any("Compress", by_values::compress).with_parameters(&[1]),
    any("Concat", concat::lower),
    known("Constant", constant::constant),
    known("ConstantOfShape", constant::of_shape).with_parameters(&[0]),
    any("DepthToSpace", depth_to_space::depth_to_space),
    real("Dropout", identity::dropout).with_parameters(&[1, 2]),
    any("Expand", expand::expand).with_parameters(&[1]),
    known("EyeLike", eye_like::lower),
    any("Flatten", reshape::flatten),
    any("Gather", gather::gather).with_parameters(&[1]),
    any("GatherElements", gather::gather_elements).with_parameters(&[1]),
    any("GatherND", gather::gather_nd).with_parameters(&[1]),
    any("Identity", identity::identity),
    known("NonZero", by_values::non_zero),
    any("OneHot", one_hot::lower).with_parameters(&[1, 2]),
    any("Pad", pad::lower).with_parameters(&[1, 2, 3]),
    known("Range", range::lower).with_parameters(&[0, 1, 2]),
    any("Reshape", reshape::reshape).with_parameters(&[1]),
    real("Resize", resize::resize).with_parameters(&[1, 2, 3]),
    any("ReverseSequence", reverse_sequence::lower).with_parameters(&[1]),
    any("Scatter", scatter::elements).with_parameters(&[1]),
    any("ScatterElements", scatter::elements).with_parameters(&[1]),
    any("ScatterND", scatter::slices).with_parameters(&[1]),
    known("Shape", shape::shape),
    known("Size", shape::size),
    any("Slice", slice::lower).with_parameters(&[1, 2, 3, 4]),
    any("SpaceToDepth", depth_to_space::space_to_depth),
    any("Split", split::lower).with_parameters(&[1]),
    any("Squeeze", squeeze::squeeze).with_parameters(&[1]),
    any("TensorScatter", tensor_scatter::lower).with_parameters(&[2]),
    any("TfIdfVectorizer", tf_idf_vectorizer::lower),
    any("Tile", expand::tile).with_parameters(&[1]),
    any("Transpose", transpose::lower),
    any("Trilu", trilu::lower).with_parameters(&[1]),
    known("Unique", by_values::unique),
    any("Unsqueeze", squeeze::unsqueeze).with_parameters(&[1]),
    real("Upsample", resize::upsample).with_parameters(&[1]),
    any("Where", select::lower),
];
