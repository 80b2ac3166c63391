using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Gradient clipping, and parameters as one vector.</summary>
        public static partial class utils
        {
            // Keeps the factor finite where all gradients are zero; the value is torch's.
            private const double NormGuard = 1e-6;

            private static readonly AtenOp NormOp = new("linalg_vector_norm");
            private static readonly AtenOp StackOp = new("stack");
            private static readonly AtenOp ClampInPlaceOp = new("clamp_");
            private static readonly AtenOp ReshapeOp = new("reshape");
            private static readonly AtenOp CatOp = new("cat");

            /// <summary>
            /// Scales all gradients by min(1, max_norm / (‖g‖ + 1e-6)), where ‖g‖ is the norm of all of them as one vector.
            /// </summary>
            /// <param name="tensors">Parameters; those without a gradient do not count.</param>
            /// <param name="max_norm">The largest norm that stays.</param>
            /// <param name="norm_type">The p of the norm; infinity is the largest absolute value.</param>
            /// <returns>‖g‖ before the scaling.</returns>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                Tensor[] grads = GradientsOf(tensors);
                if (grads.Length == 0) return 0.0;
                Tensor[] norms = Array.ConvertAll(grads, grad => NormOp.Call(grad, norm_type));
                Tensor total = NormOp.Call(StackOp.Call(norms), norm_type);

                // The factor stays on the device: the scaling is queued before the norm is waited for.
                Tensor factor = ClampInPlaceOp.Call(max_norm / (total + NormGuard), Arg.None, 1.0);
                foreach (Tensor grad in grads) grad.mul_(factor);
                return total.ToDouble();
            }

            /// <summary>Limits every element of every gradient to ±clip_value.</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                foreach (Tensor grad in GradientsOf(tensors)) ClampInPlaceOp.CallVoid(grad, -clip_value, clip_value);
            }

            /// <summary>All parameters, flattened, one after another.</summary>
            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
            {
                Tensor[] flat = tensors.Select(parameter => ReshapeOp.Call(parameter, new[] { -1L })).ToArray();
                Tensor vector = CatOp.Call(flat, 0);
                foreach (Tensor part in flat) part.Dispose();
                return vector;
            }

            /// <summary>Copies consecutive parts of a vector into the parameters.</summary>
            /// <exception cref="ArgumentException">The vector's length is not that of all parameters together.</exception>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                List<Parameter> parameters = tensors.ToList();
                long expected = parameters.Sum(parameter => parameter.numel());
                if (vec.ndim != 1 || vec.numel() != expected)
                {
                    throw new ArgumentException(
                        $"expected a vector of {expected} elements but got shape [{string.Join(", ", vec.shape)}]", nameof(vec));
                }
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                long start = 0;
                foreach (Parameter parameter in parameters)
                {
                    long length = parameter.numel();
                    parameter.copy_(ReshapeOp.Call(vec.narrow(0, start, length), parameter.shape));
                    start += length;
                }
            }

            private static Tensor[] GradientsOf(IEnumerable<Parameter> parameters) =>
                parameters.Select(parameter => parameter.grad).OfType<Tensor>().ToArray();
        }
    }
}
