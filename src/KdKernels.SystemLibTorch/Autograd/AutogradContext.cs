namespace TorchSharp;

public static partial class torch
{
    public static unsafe partial class autograd
    {
        /// <summary>What one call of a function keeps from forward for backward.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> data = new(StringComparer.Ordinal);

            internal AutogradContext()
            {
            }

            /// <summary>
            /// Whether backward gets zeros instead of an invalid tensor where no gradient came in. True at first.
            /// </summary>
            public bool MaterializeGrads { get; private set; } = true;

            internal List<Tensor> ToSave { get; set; } = [];

            internal List<Tensor> Dirty { get; private set; } = [];

            internal List<Tensor> Constant { get; private set; } = [];

            /// <summary>The native frame of the backward pass that is running, or 0.</summary>
            internal nint BackwardFrame { get; set; }

            /// <summary>Keeps tensors (null allowed) for backward; at most once, in forward.</summary>
            public void save_for_backward(List<Tensor> tensors) => ToSave = tensors;

            /// <summary>What <see cref="save_for_backward"/> kept, as new references; in backward only.</summary>
            /// <exception cref="System.Runtime.InteropServices.ExternalException">
            /// A tensor was changed in place since, or an earlier backward pass freed the graph.
            /// </exception>
            public List<Tensor> get_saved_variables()
            {
                if (BackwardFrame == 0)
                    throw new InvalidOperationException("Saved tensors are there during backward only.");
                int count = NativeApi.kd_frame_saved_count(BackwardFrame);
                NativeApi.Check(count);
                nint[] handles = new nint[count];
                fixed (nint* h = handles) NativeApi.Check(NativeApi.kd_frame_saved(BackwardFrame, h, count));
                var tensors = new List<Tensor>(count);
                foreach (nint handle in handles) tensors.Add(handle == 0 ? null! : new Tensor(handle));
                return tensors;
            }

            /// <summary>Keeps anything but tensors, which belong to <see cref="save_for_backward"/>.</summary>
            public void save_data(string key, object value)
            {
                if (value is Tensor)
                    throw new ArgumentException("expected a value that is no tensor; tensors go to save_for_backward.",
                        nameof(value));
                data[key] = value;
            }

            /// <summary>What <see cref="save_data"/> kept, or null.</summary>
            public object get_data(string key) => data.TryGetValue(key, out object? value) ? value : null!;

            /// <summary>Says that forward changed these arguments in place.</summary>
            public void mark_dirty(List<Tensor> tensors) => Dirty = tensors;

            /// <summary>Says that these results need no gradient.</summary>
            public void mark_non_differentiable(List<Tensor> tensors) => Constant = tensors;

            public void set_materialize_grads(bool value) => MaterializeGrads = value;

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Forgets the data; the saved tensors belong to the graph.</summary>
            protected virtual void Dispose(bool disposing) => data.Clear();

            /// <summary>Forgets what only forward needed, so that the graph alone keeps tensors alive.</summary>
            internal void EndForward()
            {
                ToSave = [];
                Dirty = [];
                Constant = [];
            }
        }
    }
}
