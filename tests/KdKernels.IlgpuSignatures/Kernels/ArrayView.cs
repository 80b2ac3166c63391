namespace ILGPU
{
    /// <summary>Memory of a device: an address and a number of elements.</summary>
    public readonly struct ArrayView<T>
        where T : unmanaged
    {
        // The package's view refers to its buffer, so that a struct with views is not an unmanaged type.
        private readonly object? buffer;

        internal ArrayView(object? buffer) => this.buffer = buffer;

        public long Length => throw Signature.Only(nameof(ArrayView<T>), buffer is null ? "Length" : "");

        public int IntLength => throw Signature.Only(nameof(ArrayView<T>));

        public bool IsValid => throw Signature.Only(nameof(ArrayView<T>));

        public ref T this[int index] => throw Signature.Only(nameof(ArrayView<T>));

        public ref T this[long index] => throw Signature.Only(nameof(ArrayView<T>));

        public ArrayView<T> SubView(long index) => throw Signature.Only(nameof(ArrayView<T>));

        public ArrayView<T> SubView(int index, int subViewLength) => throw Signature.Only(nameof(ArrayView<T>));

        public ArrayView<T> SubView(long index, long subViewLength) => throw Signature.Only(nameof(ArrayView<T>));

        public ArrayView<TOther> Cast<TOther>()
            where TOther : unmanaged => throw Signature.Only(nameof(ArrayView<T>));
    }
}

namespace ILGPU.Runtime
{
    /// <summary>Promises about views.</summary>
    public static class ArrayViewExtensions
    {
        public static ArrayView<T> AsAligned<T>(this ArrayView<T> view, int alignmentInBytes)
            where T : unmanaged => throw Signature.Only(nameof(ArrayViewExtensions));
    }
}
