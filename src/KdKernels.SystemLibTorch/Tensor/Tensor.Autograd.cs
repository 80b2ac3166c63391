namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        /// <summary>The accumulated gradient, or null. Each read is a new reference.</summary>
        public Tensor? grad
        {
            get
            {
                nint gradient;
                NativeApi.Check(NativeApi.kd_get_grad(Handle, &gradient));
                GC.KeepAlive(this);
                return gradient == 0 ? null : new Tensor(gradient);
            }
            set
            {
                NativeApi.Check(NativeApi.kd_set_grad(Handle, value?.Handle ?? 0));
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        /// <summary>Keeps the gradient of a tensor that is no leaf.</summary>
        public void retain_grad()
        {
            NativeApi.Check(NativeApi.kd_retain_grad(Handle));
            GC.KeepAlive(this);
        }

        /// <summary>The name of the graph node that made it; empty for a leaf.</summary>
        internal string GradFnName
        {
            get
            {
                string text = NativeApi.Text(NativeApi.kd_grad_fn_name(Handle));
                GC.KeepAlive(this);
                return text;
            }
        }

        public void backward() => autograd.backward(this);

        /// <summary>Adds the gradients of this tensor to <see cref="grad"/> of the leaves it depends on.</summary>
        /// <param name="grad_tensors">What to multiply with; needed unless this is a scalar.</param>
        /// <param name="retain_graph">
        /// Keeps the graph for another pass; does not follow <paramref name="create_graph"/>.
        /// </param>
        /// <param name="create_graph">Records the pass itself, for higher derivatives.</param>
        /// <param name="inputs">The leaves to accumulate into; null for all.</param>
        public void backward(
            IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false,
            IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);
    }
}
