namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>The operations of <c>torch.nn</c> as functions.</summary>
        public static partial class functional
        {
            private static readonly AtenOp ReluOp = new("relu");
            private static readonly AtenOp ReluInPlaceOp = new("relu_");
            private static readonly AtenOp LeakyReluOp = new("leaky_relu");
            private static readonly AtenOp LeakyReluInPlaceOp = new("leaky_relu_");
            private static readonly AtenOp GeluOp = new("gelu");
            private static readonly AtenOp GeluInPlaceOp = new("gelu_");
            private static readonly AtenOp SigmoidOp = new("sigmoid");
            private static readonly AtenOp SigmoidInPlaceOp = new("sigmoid_");
            private static readonly AtenOp TanhOp = new("tanh");
            private static readonly AtenOp TanhInPlaceOp = new("tanh_");
            private static readonly AtenOp SoftmaxOp = new("softmax", "int");
            private static readonly AtenOp LogSoftmaxOp = new("log_softmax", "int");
            private static readonly AtenOp SoftplusOp = new("softplus");
            private static readonly AtenOp DropoutOp = new("dropout");
            private static readonly AtenOp DropoutInPlaceOp = new("dropout_");

            /// <summary>max(x, 0).</summary>
            public static Tensor relu(Tensor x, bool inplace = false) => (inplace ? ReluInPlaceOp : ReluOp).Call(x);

            /// <summary>x where it is positive, negative_slope·x elsewhere.</summary>
            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                (inplace ? LeakyReluInPlaceOp : LeakyReluOp).Call(input, negative_slope);

            /// <summary>x·Φ(x) with the normal distribution function Φ.</summary>
            public static Tensor gelu(Tensor x, bool inplace) => (inplace ? GeluInPlaceOp : GeluOp).Call(x);

            /// <summary>x·Φ(x) with the normal distribution function Φ.</summary>
            public static Tensor gelu(Tensor x) => GeluOp.Call(x);

            /// <summary>1 / (1 + e^−x).</summary>
            public static Tensor sigmoid(Tensor x, bool inplace) => (inplace ? SigmoidInPlaceOp : SigmoidOp).Call(x);

            /// <summary>1 / (1 + e^−x).</summary>
            public static Tensor sigmoid(Tensor x) => SigmoidOp.Call(x);

            /// <summary>The hyperbolic tangent.</summary>
            public static Tensor tanh(Tensor x, bool inplace = false) => (inplace ? TanhInPlaceOp : TanhOp).Call(x);

            /// <summary>e^x / Σ e^x along a dimension.</summary>
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => SoftmaxOp.Call(input, dim, dtype);

            /// <summary>x − log Σ e^x along a dimension.</summary>
            public static Tensor log_softmax(Tensor x, long dim) => LogSoftmaxOp.Call(x, dim);

            /// <summary>log(1 + e^(beta·x)) / beta; x itself where beta·x exceeds the threshold.</summary>
            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => SoftplusOp.Call(x, beta, threshold);

            /// <summary>In training, zeroes each element with probability p and scales the others by 1 / (1 − p).</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                (inplace ? DropoutInPlaceOp : DropoutOp).Call(input, p, training);
        }
    }
}
