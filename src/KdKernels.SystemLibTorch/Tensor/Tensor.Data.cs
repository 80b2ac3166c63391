using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        private const int StreamBuffer = 1 << 20;

        /// <summary>
        /// The memory of a contiguous CPU tensor, itself and not a copy; valid while the tensor lives.
        /// </summary>
        /// <exception cref="InvalidOperationException">Not contiguous, or not on the CPU.</exception>
        /// <exception cref="ArgumentException">More than 2 GiB, or the span assigned has another length.</exception>
        public Span<byte> bytes
        {
            get
            {
                byte* start = ContiguousMemory(out long length);
                if (length > int.MaxValue)
                    throw new ArgumentException($"expected at most {int.MaxValue} bytes but got {length}.");
                return new Span<byte>(start, (int)length);
            }
            set
            {
                Span<byte> own = bytes;
                if (value.Length != own.Length)
                    throw new ArgumentException($"expected {own.Length} bytes but got {value.Length}.");
                value.CopyTo(own);
            }
        }

        /// <summary>
        /// The elements; T is the tensor's own element type. On the CPU they are the tensor's own, from another device a
        /// copy.
        /// </summary>
        /// <exception cref="ArgumentException">T is another type.</exception>
        public TensorAccessor<T> data<T>() where T : unmanaged => new(device_type == DeviceType.CPU ? this : cpu());

        /// <summary>
        /// The whole storage that the tensor looks into, on any device. Converts, and thus copies, when T is another
        /// type.
        /// </summary>
        public Storage<T> storage<T>() where T : unmanaged
        {
            ScalarType wanted = ToScalarType(typeof(T));
            return new Storage<T>(dtype == wanted ? alias() : to_type(wanted));
        }

        /// <summary>Writes the elements in row-major order.</summary>
        public void WriteBytesToStream(Stream stream, int bufferSize = 1024)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bufferSize);
            byte* start = ContiguousMemory(out long length);
            // A stream copies what it is given; pieces only keep within what a span can hold.
            for (long done = 0; done < length;)
            {
                int piece = (int)Math.Min(length - done, Math.Max(bufferSize, StreamBuffer));
                stream.Write(new ReadOnlySpan<byte>(start + done, piece));
                done += piece;
            }
            GC.KeepAlive(this);
        }

        /// <summary>Fills the tensor from the stream.</summary>
        /// <exception cref="EndOfStreamException">The stream ends before the tensor is full.</exception>
        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bufferSize);
            byte* start = ContiguousMemory(out long length);
            for (long done = 0; done < length;)
            {
                int piece = (int)Math.Min(length - done, Math.Max(bufferSize, StreamBuffer));
                stream.ReadExactly(new Span<byte>(start + done, piece));
                done += piece;
            }
            GC.KeepAlive(this);
        }

        /// <exception cref="ArgumentException">The type is not the tensor's own.</exception>
        internal void ValidateType(Type type)
        {
            ScalarType own = dtype;
            if (ToScalarType(type) != own) throw new ArgumentException($"{type.Name} is not compatible with {own}");
        }

        private byte* ContiguousMemory(out long length)
        {
            GetInfo(out NativeTensorInfo info);
            if (info.IsContiguous == 0)
                throw new InvalidOperationException("expected a contiguous tensor but got one with strides.");
            if (info.DeviceType != (int)DeviceType.CPU)
                throw new InvalidOperationException(
                    $"expected a tensor on the CPU but got one on {(DeviceType)info.DeviceType}; use cpu().");
            length = info.NumberOfElements * info.ElementSize;
            return (byte*)info.Data;
        }
    }

    /// <summary>The memory behind a tensor, which views of it share.</summary>
    public abstract unsafe class Storage
    {
        protected Tensor _tensor;
        protected nint _tensor_data_ptr;

        protected Storage(Tensor tensor)
        {
            _tensor = tensor;
            tensor.GetInfo(out NativeTensorInfo info);
            _tensor_data_ptr = (nint)info.StorageData;
            Bytes = info.StorageBytes;
            GC.KeepAlive(tensor);
        }

        private protected long Bytes { get; }

        /// <summary>
        /// The first byte of the storage; add the tensor's offset for its first element. Device memory on CUDA.
        /// </summary>
        public IntPtr data_ptr() => _tensor_data_ptr;

        public ulong nbytes() => (ulong)Bytes;

        public abstract int element_size();
    }

    /// <summary>A storage as elements of one type.</summary>
    public sealed unsafe class Storage<T> : Storage, IDisposable where T : unmanaged
    {
        internal Storage(Tensor tensor) : base(tensor)
        {
        }

        public Device device => _tensor.device;

        public int Count => checked((int)(Bytes / sizeof(T)));

        /// <summary>An element; CPU only.</summary>
        public T this[int index]
        {
            get => Elements[index];
            set => Elements[index] = value;
        }

        private Span<T> Elements
        {
            get
            {
                if (_tensor.device_type != DeviceType.CPU)
                    throw new InvalidOperationException(
                        $"expected a storage on the CPU but got one on {_tensor.device}.");
                return new Span<T>((void*)_tensor_data_ptr, Count);
            }
        }

        public override int element_size() => sizeof(T);

        public T[] ToArray() => Elements.ToArray();

        public void fill_(T value) => Elements.Fill(value);

        /// <summary>Releases this object's own reference to the storage.</summary>
        public void Dispose() => _tensor.Dispose();
    }
}
