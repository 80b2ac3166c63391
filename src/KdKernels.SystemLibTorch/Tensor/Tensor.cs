using System.Runtime.InteropServices;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A reference to a tensor of libtorch.</summary>
    /// <remarks>
    /// Dispose it, or let a dispose scope: a finaliser releases what was forgotten, but the collector knows nothing of
    /// the memory behind the reference and takes its time.
    /// </remarks>
    public unsafe partial class Tensor : IDisposable
    {
        private static long totalCount;
        private static long peakCount;

        private nint handle;

        /// <param name="handle">A TensorImpl* with a reference of its own, which this object takes over.</param>
        /// <param name="register">Whether the thread's dispose scope shall own it.</param>
        internal Tensor(nint handle, bool register = true)
        {
            this.handle = handle;
            long count = Interlocked.Increment(ref totalCount);
            // Racing threads may lose an update by one; a peak for diagnostics need not be exact.
            if (count > peakCount) peakCount = count;
            if (register) OwningDisposeScope = DisposeScopeManager.ThreadSingleton.RegisterOnCurrentDisposeScope(this);
        }

        private Tensor()
        {
        }

        ~Tensor() => Dispose(false);

        /// <summary>Managed tensor references alive.</summary>
        public static long TotalCount => Volatile.Read(ref totalCount);

        public static long PeakCount => Volatile.Read(ref peakCount);

        /// <summary>The TensorImpl*.</summary>
        /// <exception cref="InvalidOperationException">The tensor was disposed.</exception>
        public IntPtr Handle => handle != 0 ? handle : ThrowDisposed();

        /// <summary>Whether it was disposed, or emptied by becoming a parameter.</summary>
        public bool IsInvalid => handle == 0;

        /// <summary>A name for messages; torch does not see it.</summary>
        public string? name { get; set; }

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <summary>Makes a tensor of a TensorImpl* that owns a reference.</summary>
        public static Tensor UnsafeCreateTensor(IntPtr handle) => new(handle);

        /// <summary>
        /// Stands for a gradient that did not come in: <see cref="IsInvalid"/>, and nothing else to it.
        /// </summary>
        internal static Tensor Undefined() => new();

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Releases the reference; safe to race with another thread's Dispose.</summary>
        protected virtual void Dispose(bool disposing)
        {
            nint released = Interlocked.Exchange(ref handle, 0);
            if (released == 0) return;
            if (disposing)
            {
                // Not from the finaliser: the scope may be finalised already, and statistics are per thread.
                DisposeScopeManager.ThreadSingleton.Disposing(this);
                OwningDisposeScope?.Forget(this);
            }
            _ = Interlocked.Decrement(ref totalCount);
            NativeApi.kd_release(released);
        }

        /// <summary>Gives the TensorImpl* and its reference away; this object is empty afterwards.</summary>
        public IntPtr DecoupleFromNativeHandle()
        {
            GC.SuppressFinalize(this);
            nint released = Handle;
            OwningDisposeScope?.Forget(this);
            handle = 0;
            _ = Interlocked.Decrement(ref totalCount);
            return released;
        }

        /// <summary>
        /// For a Parameter made of this tensor: it takes the reference, and this object's place in its dispose scope.
        /// </summary>
        internal nint MoveHandle()
        {
            nint moved = Handle;
            handle = 0;
            _ = Interlocked.Decrement(ref totalCount);
            GC.SuppressFinalize(this);
            return moved;
        }

        /// <summary>Another reference to the same tensor, to be disposed on its own.</summary>
        public Tensor alias()
        {
            nint retained = NativeApi.kd_retain(Handle);
            GC.KeepAlive(this);
            return new Tensor(retained);
        }

        /// <summary>Hands it to the outer scope; without one it leaves the scope system.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            _ = OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            _ = OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        /// <summary>Hands it to <paramref name="other"/>; with null it leaves the scope system.</summary>
        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is { } owner) _ = owner.MoveToOther(other, this);
            else other?.Attach(this);
            return this;
        }

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        public override int GetHashCode() => base.GetHashCode();

        private static nint ThrowDisposed() => throw new InvalidOperationException("Tensor invalid -- empty handle.");
    }
}
