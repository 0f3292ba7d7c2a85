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

use crate::lowering::operator::{Operator, known, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("Cast", cast::cast),
    of("CastLike", cast::cast_like).with_parameters(&[1]),
    of("CenterCropPad", center_crop_pad::lower).with_parameters(&[1]),
    of("Col2Im", col2im::lower).with_parameters(&[1, 2]),
    of("Compress", by_values::compress).with_parameters(&[1]),
    of("Concat", concat::lower),
    known("Constant", constant::constant),
    known("ConstantOfShape", constant::of_shape).with_parameters(&[0]),
    of("DepthToSpace", depth_to_space::depth_to_space),
    of("Dropout", identity::dropout).with_parameters(&[1, 2]),
    of("Expand", expand::expand).with_parameters(&[1]),
    known("EyeLike", eye_like::lower),
    of("Flatten", reshape::flatten),
    of("Gather", gather::gather).with_parameters(&[1]),
    of("GatherElements", gather::gather_elements).with_parameters(&[1]),
    of("GatherND", gather::gather_nd).with_parameters(&[1]),
    of("Identity", identity::identity),
    known("NonZero", by_values::non_zero),
    of("OneHot", one_hot::lower).with_parameters(&[1, 2]),
    of("Pad", pad::lower).with_parameters(&[1, 2, 3]),
    known("Range", range::lower).with_parameters(&[0, 1, 2]),
    of("Reshape", reshape::reshape).with_parameters(&[1]),
    of("Resize", resize::resize).with_parameters(&[1, 2, 3]),
    of("ReverseSequence", reverse_sequence::lower).with_parameters(&[1]),
    of("Scatter", scatter::elements).with_parameters(&[1]),
    of("ScatterElements", scatter::elements).with_parameters(&[1]),
    of("ScatterND", scatter::slices).with_parameters(&[1]),
    known("Shape", shape::shape),
    known("Size", shape::size),
    of("Slice", slice::lower).with_parameters(&[1, 2, 3, 4]),
    of("SpaceToDepth", depth_to_space::space_to_depth),
    of("Split", split::lower).with_parameters(&[1]),
    of("Squeeze", squeeze::squeeze).with_parameters(&[1]),
    of("TensorScatter", tensor_scatter::lower).with_parameters(&[2]),
    of("TfIdfVectorizer", tf_idf_vectorizer::lower),
    of("Tile", expand::tile).with_parameters(&[1]),
    of("Transpose", transpose::lower),
    of("Trilu", trilu::lower).with_parameters(&[1]),
    known("Unique", by_values::unique),
    of("Unsqueeze", squeeze::unsqueeze).with_parameters(&[1]),
    of("Upsample", resize::upsample).with_parameters(&[1]),
    of("Where", select::lower),
];
