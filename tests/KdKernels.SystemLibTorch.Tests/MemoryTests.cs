using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed unsafe class MemoryTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void A_view_points_into_the_storage_of_its_base()
    {
        Tensor whole = arange(24, dtype: float32).reshape(4, 6), view = whole[1.., 2..];
        Assert.Equal(8, view.storage_offset());
        Assert.Equal([6, 1], view.stride());
        Assert.Equal(whole.storage<float>().data_ptr(), view.storage<float>().data_ptr());
        Assert.Equal(96ul, view.storage<float>().nbytes());
        Assert.Equal(24, view.storage<float>().Count);
        var first = (float*)(view.storage<float>().data_ptr() + (nint)(view.storage_offset() * view.ElementSize));
        Assert.Equal(8f, *first);
        *first = -1;
        Assert.Equal(-1f, whole[1, 2].item<float>());
    }

    [Fact]
    public void A_storage_of_another_type_is_a_converted_copy()
    {
        Tensor t = tensor(new[] { 1f, 2f });
        Storage<double> converted = t.storage<double>();
        Assert.NotEqual(t.storage<float>().data_ptr(), converted.data_ptr());
        Assert.Equal([1.0, 2.0], converted.ToArray());
    }

    [Fact]
    public void Bytes_are_the_memory_itself()
    {
        Tensor t = tensor(new[] { 1, 2 });
        Assert.Equal([1, 0, 0, 0, 2, 0, 0, 0], t.bytes.ToArray());
        t.bytes[4] = 7;
        Assert.Equal(7, t[1].item<int>());
        t.bytes = new byte[] { 3, 0, 0, 0, 4, 0, 0, 0 };
        Expect.Elements([3, 4], t);
        Assert.Throws<InvalidOperationException>(() => ones(2, 3).t().bytes.Length);
        Assert.Throws<ArgumentException>(() => t.bytes = new byte[3]);
    }

    [Fact]
    public void An_accessor_reads_and_writes_through_strides()
    {
        Tensor t = arange(6).reshape(2, 3), transposed = t.t();
        TensorAccessor<long> data = transposed.data<long>();
        Assert.Equal([0, 3, 1, 4, 2, 5], data.ToArray());
        Assert.Equal([0, 3, 1, 4, 2, 5], data);
        Assert.Equal((4L, 4L), (data[1, 1], data[3]));
        data[2, 0] = 20;
        Assert.Equal(20, t[0, 2].item<long>());
        data.CopyFrom([9, 8], tensorIndex: 4);
        Assert.Equal([0, 3, 1, 4, 9, 8], data.ToArray());
        Assert.Equal(new long[,] { { 0, 3 }, { 1, 4 }, { 9, 8 } }, (long[,])data.ToNDArray());
        Assert.Throws<IndexOutOfRangeException>(() => data[6]);
        Assert.Throws<IndexOutOfRangeException>(() => data[0, 2]);
        Assert.Throws<ArgumentException>(() => t.data<float>());
        Assert.Equal([2.5f], tensor(2.5f).data<float>().ToArray());
    }

    [Fact]
    public void Contiguity_and_element_size_are_torchs()
    {
        Tensor t = ones(2, 3, dtype: float16);
        Assert.Equal((2L, 6L, 2L, true), (t.ElementSize, t.numel(), t.dim(), t.is_contiguous()));
        Assert.False(t.t().is_contiguous());
        Assert.Equal((Half)1, t.data<Half>()[0]);
        Assert.Equal(1f, t.bfloat16().data<BFloat16>()[0].ToSingle());
    }

    [Fact]
    public void Without_CUDA_there_are_no_devices_and_the_stream_is_zero()
    {
        Assert.Equal(cuda.is_available(), cuda.device_count() > 0);
        Assert.Equal(0, LibTorch.CudaStream(CPU));
        if (!cuda.is_available()) Assert.Equal(0, LibTorch.CudaStream());
    }

    [Fact]
    public void Waiting_threads_are_told_to_sleep_unless_the_user_says_otherwise()
    {
        Assert.NotEmpty(LibTorch.Version);
        Assert.Equal(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? "PASSIVE", Native("OMP_WAIT_POLICY"));
        Assert.Equal(Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") ?? "0", Native("GOMP_SPINCOUNT"));

        // .NET keeps an environment of its own; this is the one that libgomp reads.
        static string? Native(string name)
        {
            byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(name + "\0");
            fixed (byte* text = utf8) return System.Runtime.InteropServices.Marshal.PtrToStringUTF8(getenv(text));
        }
    }

    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern nint getenv(byte* name);

    [Fact]
    public void The_library_says_what_it_is()
    {
        Assert.Matches(@"^[12]\.\d+", LibTorch.Version);
        Assert.Equal(LibTorch.Version, __version__);
        Assert.Contains("torch", LibTorch.LibraryPath, StringComparison.Ordinal);
        Assert.True(File.Exists(LibTorch.BridgePath));
        Assert.Contains("OpenMP", LibTorch.BuildInformation, StringComparison.Ordinal);
        Assert.True(LibTorch.HasOperator("add", "Tensor"));
        Assert.False(LibTorch.HasOperator("no_such_operator"));
    }

    [Fact]
    public void A_missing_library_is_named_with_its_remedy()
    {
        var error = Assert.Throws<DllNotFoundException>(() =>
            NativeLoader.LoadFirst(["/nowhere/a/libkdtorch.so", "/nowhere/b.so"]));
        Assert.Contains("/nowhere/a/libkdtorch.so, /nowhere/b.so", error.Message, StringComparison.Ordinal);
        Assert.Contains("./kd setup", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_does_not_load_is_named_with_its_remedy()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "no library");
            var error = Assert.Throws<DllNotFoundException>(() => NativeLoader.LoadFirst([file]));
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
            Assert.Contains("./kd setup", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
