namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        /// <summary>Everything that torch knows about the tensor's memory, in one call.</summary>
        /// <remarks>Sizes and strides point into the tensor: read them before it can be disposed or resized.</remarks>
        internal void GetInfo(out NativeTensorInfo info)
        {
            fixed (NativeTensorInfo* target = &info) NativeApi.Check(NativeApi.kd_info(Handle, target));
        }

        public long[] shape
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                long[] sizes = new ReadOnlySpan<long>(info.Sizes, info.Dimensions).ToArray();
                GC.KeepAlive(this);
                return sizes;
            }
        }

        public long[] size() => shape;

        /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
        public long size(int dim)
        {
            GetInfo(out NativeTensorInfo info);
            long result = info.Sizes[WrapDimension(dim, info.Dimensions)];
            GC.KeepAlive(this);
            return result;
        }

        public long[] stride()
        {
            GetInfo(out NativeTensorInfo info);
            if (info.Strides == null)
                throw new InvalidOperationException("expected a strided tensor but got one without strides.");
            long[] strides = new ReadOnlySpan<long>(info.Strides, info.Dimensions).ToArray();
            GC.KeepAlive(this);
            return strides;
        }

        /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
        public long stride(int dim)
        {
            long[] strides = stride();
            return strides[WrapDimension(dim, strides.Length)];
        }

        public long Dimensions
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return info.Dimensions;
            }
        }

        public long dim() => Dimensions;

        public long ndim => Dimensions;

        public long NumberOfElements
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return info.NumberOfElements;
            }
        }

        public long numel() => NumberOfElements;

        /// <summary>Bytes of one element.</summary>
        public long ElementSize
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return info.ElementSize;
            }
        }

        public long element_size() => ElementSize;

        public ScalarType dtype
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return (ScalarType)info.Dtype;
            }
        }

        public Device device
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                var type = (DeviceType)info.DeviceType;
                return type == DeviceType.CPU ? CPU : new Device(type, info.DeviceIndex);
            }
        }

        public DeviceType device_type
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return (DeviceType)info.DeviceType;
            }
        }

        /// <summary>−1 on the CPU.</summary>
        public int device_index
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return info.DeviceIndex;
            }
        }

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        /// <summary>Dense, in row-major order.</summary>
        public bool is_contiguous()
        {
            GetInfo(out NativeTensorInfo info);
            GC.KeepAlive(this);
            return info.IsContiguous != 0;
        }

        /// <summary>Of the first element, in elements from the storage's start.</summary>
        public long storage_offset()
        {
            GetInfo(out NativeTensorInfo info);
            GC.KeepAlive(this);
            return info.StorageOffset;
        }

        public bool is_leaf
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return info.IsLeaf != 0;
            }
        }

        public bool requires_grad
        {
            get
            {
                GetInfo(out NativeTensorInfo info);
                GC.KeepAlive(this);
                return info.RequiresGrad != 0;
            }
            set
            {
                NativeApi.Check(NativeApi.kd_set_requires_grad(Handle, value ? 1 : 0));
                GC.KeepAlive(this);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        private static int WrapDimension(int dim, int count)
        {
            int wrapped = dim < 0 ? dim + count : dim;
            if ((uint)wrapped >= (uint)count)
                throw new ArgumentOutOfRangeException(nameof(dim),
                    $"expected a dimension of a tensor that has {count} but got {dim}.");
            return wrapped;
        }
    }
}
