namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly AtenOp BatchNormOp = new("batch_norm");
            private static readonly AtenOp CosineSimilarityOp = new("cosine_similarity");
            private static readonly AtenOp NormOp = new("norm", "ScalarOpt_dim");
            private static readonly AtenOp ClampMinOp = new("clamp_min");
            private static readonly AtenOp ExpandAsOp = new("expand_as");
            private static readonly AtenOp DivideOp = new("div", "Tensor");

            /// <summary>
            /// (x − mean) / √(variance + eps)·weight + bias per channel (dimension 1): over the batch in training, which also moves the
            /// running statistics by <paramref name="momentum"/>; with the running statistics otherwise.
            /// </summary>
            /// <remarks>cuDNN is used where torch has it, as Python does; TorchSharp's own binding does not.</remarks>
            public static Tensor batch_norm(
                Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null,
                bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                BatchNormOp.Call(input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            /// <summary>x / max(‖x‖_p, eps) along a dimension.</summary>
            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1L, double eps = 1e-12)
            {
                using Tensor norm = NormOp.Call(input, p, new[] { dim }, true);
                using Tensor floored = ClampMinOp.Call(norm, eps);
                using Tensor expanded = ExpandAsOp.Call(floored, input);
                return DivideOp.Call(input, expanded);
            }

            /// <summary>⟨x1, x2⟩ / (max(‖x1‖, eps)·max(‖x2‖, eps)) along a dimension.</summary>
            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) =>
                CosineSimilarityOp.Call(x1, x2, dim, eps);
        }
    }
}
