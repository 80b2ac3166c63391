namespace TorchSharp;

public static partial class torch
{
    public static unsafe partial class autograd
    {
        /// <summary>A differentiable function that computes its own gradient.</summary>
        /// <remarks>
        /// One instance per type serves all calls, from any thread: keep per-call state in the context. Gradient mode
        /// is off in forward, and in backward unless the pass is recorded (<c>create_graph</c>).
        /// </remarks>
        public abstract class Function<T> : IFunction where T : Function<T>, new()
        {
            private static readonly T Instance = new();

            /// <summary>The name in error messages.</summary>
            public abstract string Name { get; }

            /// <summary>
            /// Runs forward and makes the function a node of the graph if one of the tensors among the arguments needs
            /// it.
            /// </summary>
            public static List<Tensor> apply_internal(params object[] vars) => FunctionCall.Apply(Instance, vars);

            List<Tensor> IFunction.Forward(AutogradContext context, object[] arguments) =>
                forward_internal(context, arguments);

            List<Tensor> IFunction.Backward(AutogradContext context, List<Tensor> gradients) =>
                backward_internal(context, gradients);

            internal abstract List<Tensor> forward_internal(AutogradContext ctx, params object[] vars);

            internal abstract List<Tensor> backward_internal(AutogradContext ctx, List<Tensor> grad_outputs);
        }

        /// <summary>A function with one result.</summary>
        public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
        {
            public static Tensor apply(params object[] vars) => apply_internal(vars)[0];

            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>One entry per argument of forward; null for what is no tensor or needs no gradient.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> forward_internal(AutogradContext ctx, params object[] vars) =>
                [forward(ctx, vars)];

            internal sealed override List<Tensor> backward_internal(AutogradContext ctx, List<Tensor> grad_outputs) =>
                backward(ctx, grad_outputs[0]);
        }

        /// <summary>A function with several results.</summary>
        public abstract class MultiTensorFunction<T> : Function<T> where T : MultiTensorFunction<T>, new()
        {
            public static List<Tensor> apply(params object[] vars) => apply_internal(vars);

            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            /// <summary>One entry per argument of forward; null for what is no tensor or needs no gradient.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> forward_internal(AutogradContext ctx, params object[] vars) =>
                forward(ctx, vars);

            internal sealed override List<Tensor> backward_internal(AutogradContext ctx, List<Tensor> grad_outputs) =>
                backward(ctx, grad_outputs);
        }
    }
}
