"""The allow-list: every name of torch that a network's text may use. What is not here is refused by name."""

from __future__ import annotations

# ruff: noqa: SIM905

LAYERS = frozenset(
    """
    Linear Bilinear Identity
    Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Unfold Fold
    BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm RMSNorm LocalResponseNorm
    InstanceNorm1d InstanceNorm2d InstanceNorm3d
    MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
    ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d
    ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d CircularPad1d CircularPad2d
    ReLU ReLU6 LeakyReLU PReLU RReLU ELU SELU CELU GELU SiLU Mish Sigmoid LogSigmoid Hardsigmoid Hardswish Hardtanh
    Tanh Tanhshrink Softplus Softshrink Hardshrink Softsign Threshold GLU Softmax Softmax2d Softmin LogSoftmax
    Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout
    Flatten Unflatten Embedding EmbeddingBag
    RNN LSTM GRU RNNCell LSTMCell GRUCell
    MultiheadAttention TransformerEncoderLayer TransformerEncoder TransformerDecoderLayer TransformerDecoder
    Upsample UpsamplingNearest2d UpsamplingBilinear2d PixelShuffle PixelUnshuffle ChannelShuffle
    CosineSimilarity PairwiseDistance
    """.split()
)
CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict", "ParameterList"})

# loss layer -> the loss as the page calls it
LOSSES = {
    "MSELoss": "mse",
    "L1Loss": "l1",
    "SmoothL1Loss": "smooth_l1",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
}
LOSS_FUNCTIONS = {
    "mse_loss": "mse",
    "l1_loss": "l1",
    "smooth_l1_loss": "smooth_l1",
    "cross_entropy": "cross_entropy",
    "nll_loss": "nll",
    "binary_cross_entropy": "binary_cross_entropy",
    "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
}

FUNCTIONAL = (
    frozenset(
        """
        relu relu6 leaky_relu prelu rrelu elu selu celu gelu silu mish sigmoid logsigmoid hardsigmoid hardswish hardtanh
        tanh tanhshrink softplus softshrink hardshrink softsign threshold glu softmax softmin log_softmax
        linear bilinear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d unfold fold
        max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d lp_pool1d lp_pool2d
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
        batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm normalize
        dropout dropout1d dropout2d dropout3d alpha_dropout pad interpolate upsample pixel_shuffle pixel_unshuffle
        embedding one_hot cosine_similarity pairwise_distance scaled_dot_product_attention
        kl_div huber_loss soft_margin_loss hinge_embedding_loss margin_ranking_loss cosine_embedding_loss
        poisson_nll_loss gaussian_nll_loss triplet_margin_loss
        """.split()
    )
    | LOSS_FUNCTIONS.keys()
)

# functions of torch that are methods of a tensor too
_BOTH = frozenset(
    """
    abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr amax amin all any arccos arcsin arctan argmax argmin
    argsort asin asinh atan atan2 atanh baddbmm bmm broadcast_to ceil chunk clamp clamp_max clamp_min clip clone conj
    cos cosh cross cummax cummin cumprod cumsum deg2rad det detach diag diag_embed diagonal diff dist div divide dot eq
    equal erf erfc exp exp2 expm1 flatten flip fliplr flipud floor floor_divide fmax fmin frac gather ge
    greater greater_equal gt hypot index_add index_fill index_select inner inverse isclose isfinite isinf isnan kron le lerp
    less less_equal lgamma log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor logit logsumexp lt
    masked_fill masked_select matmul max maximum mean median min minimum mm movedim mul multiply mv narrow ne neg negative
    norm not_equal outer permute pow prod rad2deg ravel reciprocal relu remainder repeat_interleave reshape roll rot90 round
    rsqrt scatter scatter_add select sgn sigmoid sign sin sinc sinh softmax log_softmax sort split sqrt square squeeze std sub
    subtract sum swapaxes swapdims t take take_along_dim tan tanh tensor_split tile topk trace transpose tril triu
    true_divide trunc unbind unflatten unsqueeze unsafe_chunk unsafe_split var vdot where xlogy
    """.split()
)
# `where` as a method and `clone` as a function are rare, and right
TORCH = _BOTH | frozenset(
    """
    arange bernoulli block_diag broadcast_tensors cartesian_prod cat concat fill cdist column_stack concatenate conv1d conv2d
    conv3d cosine_similarity dropout dstack einsum empty_like eye full full_like hstack is_tensor layer_norm linspace
    meshgrid numel ones ones_like rand rand_like randint randn randn_like scalar_tensor stack tensor tensordot vander
    std_mean var_mean vstack zeros zeros_like as_tensor bilinear prelu selu tril_indices triu_indices batch_norm
    """.split()
)
METHODS = _BOTH | frozenset(
    """
    add_ addcmul_ bernoulli clamp_ contiguous copy_ cpu data detach_ dim div_ double element_size expand expand_as exp_ fill_
    float half index_put int item long masked_fill_ mul_ ndimension neg_ new_ones new_zeros new_full nelement numel pow_
    relu_ repeat sigmoid_ size softmax sqrt_ squeeze_ stride sub_ sum_to_size t_ tanh_ to tolist type_as unfold unsqueeze_ view
    view_as zero_ bool requires_grad_ index_copy masked_scatter scatter_ scatter_add_ index_add_ addmm_ transpose_
    """.split()
)
ATTRIBUTES = frozenset("shape T mT H mH ndim dtype device requires_grad data is_cuda real".split())

SPECIAL = frozenset({"erf", "erfc", "expit", "logit", "log1p", "log_softmax", "softmax", "xlogy", "gammaln", "digamma"})
LINALG = frozenset({"norm", "vector_norm", "matrix_norm", "det", "inv", "solve", "matmul", "cross", "multi_dot", "slogdet"})
MATH = frozenset("sqrt exp log log2 log10 sin cos tan tanh floor ceil pow prod pi e inf nan".split())
INITIALIZERS = frozenset(
    """
    uniform_ normal_ constant_ ones_ zeros_ eye_ xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_
    trunc_normal_ orthogonal_ sparse_
    """.split()
)
DTYPES = {
    **dict.fromkeys(["float", "float16", "float32", "float64", "double", "half", "bfloat16"], "float64"),
    **dict.fromkeys(["long", "int64", "int", "int32", "int16", "int8", "short", "uint8"], "int64"),
    "bool": "bool",
}
TORCH_OTHER = frozenset({"no_grad", "enable_grad", "Tensor", "Size", "device", "pi", "inf", "nan", "e", "newaxis", "manual_seed"})
NN_OTHER = frozenset({"Module", "Parameter", "functional", "init"})

BUILTINS = frozenset(
    "range len enumerate zip reversed sorted int float bool str min max sum abs round list tuple dict isinstance print "
    "getattr setattr hasattr super OrderedDict".split()
)
LIST_METHODS = frozenset({"append", "extend", "insert", "pop", "reverse", "index", "copy"})
DICT_METHODS = frozenset({"items", "keys", "values", "get", "update"})
STRING_METHODS = frozenset({"lower", "upper"})
MODULE_METHODS = frozenset(
    "forward append extend insert add_module register_buffer register_parameter register_module children parameters "
    "named_children named_parameters modules named_modules items keys values train eval to double float requires_grad_ "
    "reset_parameters".split()
)
