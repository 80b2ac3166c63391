namespace TorchSharp;

public static partial class torch
{
    /// <summary>Gradients, and functions that bring their own.</summary>
    public static unsafe partial class autograd
    {
        /// <summary>
        /// The gradients of <paramref name="outputs"/>, summed, with respect to <paramref name="inputs"/>.
        /// </summary>
        /// <param name="outputs">What is differentiated.</param>
        /// <param name="inputs">With respect to what. Nothing is added to their <c>grad</c>.</param>
        /// <param name="grad_outputs">
        /// One factor per output; null, also within the list, where the output is a scalar.
        /// </param>
        /// <param name="retain_graph">Keeps the graph; does not follow <paramref name="create_graph"/>.</param>
        /// <param name="create_graph">Records the pass itself, for higher derivatives.</param>
        /// <param name="allow_unused">An input that the outputs do not depend on gets null instead of an error.</param>
        public static IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            nint[] outs = Handles(outputs), ins = Handles(inputs), factors = Handles(grad_outputs);
            nint[] results = new nint[ins.Length];
            int status;
            fixed (nint* o = outs, i = ins, g = factors, r = results)
            {
                status = NativeApi.kd_grad(
                    o, outs.Length, i, ins.Length, g, factors.Length,
                    retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, r);
            }
            KeepAlive(outputs, inputs, grad_outputs);
            NativeApi.Check(status);
            var gradients = new List<Tensor>(results.Length);
            foreach (nint result in results) gradients.Add(result == 0 ? null! : new Tensor(result));
            return gradients;
        }

        /// <summary>Adds the gradients of <paramref name="tensors"/>, summed, to <c>grad</c> of the leaves.</summary>
        /// <param name="tensors">What is differentiated.</param>
        /// <param name="grad_tensors">One factor per tensor; null, also within the list, where it is a scalar.</param>
        /// <param name="retain_graph">Keeps the graph; null means as <paramref name="create_graph"/>.</param>
        /// <param name="create_graph">Records the pass itself, for higher derivatives.</param>
        /// <param name="inputs">The leaves to accumulate into; null for all.</param>
        public static void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false,
            IList<Tensor>? inputs = null)
        {
            nint[] outs = Handles(tensors), factors = Handles(grad_tensors), ins = Handles(inputs);
            int status;
            fixed (nint* o = outs, g = factors, i = ins)
            {
                status = NativeApi.kd_backward(
                    o, outs.Length, g, factors.Length,
                    retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, i, ins.Length);
            }
            KeepAlive(tensors, grad_tensors, inputs);
            NativeApi.Check(status);
        }

        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(
            Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        public static AnomalyMode detect_anomaly(bool check_nan = true) => new(true, check_nan);

        public static AnomalyMode set_detect_anomaly(bool mode, bool check_nan = true) => new(mode, check_nan);

        private static nint[] Handles(IList<Tensor>? tensors)
        {
            if (tensors is null) return [];
            nint[] handles = new nint[tensors.Count];
            for (int i = 0; i < handles.Length; i++) handles[i] = tensors[i]?.Handle ?? 0;
            return handles;
        }

        private static void KeepAlive(IList<Tensor>? first, IList<Tensor>? second, IList<Tensor>? third)
        {
            GC.KeepAlive(first);
            GC.KeepAlive(second);
            GC.KeepAlive(third);
        }
    }
}
