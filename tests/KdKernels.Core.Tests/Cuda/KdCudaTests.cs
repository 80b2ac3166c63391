using System.Runtime.InteropServices;

namespace KdKernels.Core.Tests;

public class KdCudaTests
{
    [Fact]
    public void A_driver_that_is_not_there_is_an_answer()
    {
        var e = Assert.Throws<NotSupportedException>(() => DriverLibrary.Require("libnot-there.so.1"));
        Assert.Matches(
            @"^expected the CUDA driver libnot-there\.so\.1 but found it neither in \S+, nor in LD_LIBRARY_PATH "
            + @"\(.+\), nor in the system's library folders \(ldconfig\); it comes with NVIDIA's driver \(.+\)$",
            e.Message);
    }

    [FactWithoutDriver]
    public void Without_a_driver_everything_says_so_and_nothing_throws()
    {
        Assert.False(KdCuda.IsAvailable);
        Assert.Contains("libcuda.so.1", KdCuda.WhyUnavailable, StringComparison.Ordinal);
        Assert.Null(KdCuda.DriverVersion);
        Assert.Empty(KdCuda.Devices);
    }

    [FactWithoutDriver]
    public void Without_a_driver_an_op_on_CUDA_says_what_was_looked_for()
    {
        var e = Assert.Throws<NotSupportedException>(() => CudaCall.Forward(new PlainQueue()));
        Assert.Contains("libcuda.so.1", e.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => KdCuda.Preload(0));
    }

    [Fact]
    public void A_supported_device_is_available() =>
        Assert.Null(KdCuda.Explain(() => new CudaRuntime(new FakeDriver(), TinyKernels.Library())));

    [Fact]
    public void One_supported_device_is_enough()
    {
        var mixed = new FakeDriver { Devices = [new FakeDevice(Capability: 61), new FakeDevice(Capability: 75)] };
        var runtime = new CudaRuntime(mixed, TinyKernels.Library());
        Assert.Null(KdCuda.Explain(() => runtime));
        Assert.Equal(
            [
                new KdCudaDevice(0, "Fake GPU", new Version(6, 1), 1L << 34, IsSupported: false),
                new KdCudaDevice(1, "Fake GPU", new Version(7, 5), 1L << 34, IsSupported: true),
            ],
            KdCuda.DevicesOf(runtime));
    }

    [Fact]
    public void Says_why_CUDA_cannot_be_used()
    {
        Assert.Equal(
            "expected a device of compute capability 7.5 or higher but got Fake GPU of 6.1",
            Reason(new FakeDriver { Devices = [new FakeDevice(Capability: 61)] }));
        Assert.Equal(
            "the NVIDIA driver shows no device; see `nvidia-smi` and CUDA_VISIBLE_DEVICES",
            Reason(new FakeDriver { Devices = [] }));
        PtxLibrary none = TinyKernels.Library(spoil: files => files.Clear());
        Assert.Equal(PtxLibrary.NoKernels, KdCuda.Explain(() => new CudaRuntime(new FakeDriver(), none)));
        var broken = new FakeDriver();
        broken.Failing["cuDriverGetVersion"] = (CudaResult)999;
        Assert.Equal("cuDriverGetVersion failed with NAME_999 (999, text 999)", Reason(broken));
    }

    [Theory]
    [InlineData("cpu", 0, KdDeviceType.Cpu)]
    [InlineData("cuda:3", 3, KdDeviceType.Cuda)]
    public void Devices_are_written_as_torch_writes_them(string expected, int index, KdDeviceType type) =>
        Assert.Equal(expected, new KdDevice(type, index).ToString());

    [Fact]
    public void Views_are_on_the_CPU_unless_they_say_otherwise() =>
        Assert.Equal(KdDevice.Cpu, RowsView.Scalar(8, KdElementType.Float32).Device);

    private static string? Reason(FakeDriver driver) =>
        KdCuda.Explain(() => new CudaRuntime(driver, TinyKernels.Library()));

    /// <summary>A queue as any owner of memory would write it: it goes to the machine's own driver.</summary>
    private sealed class PlainQueue : CudaQueue
    {
        public override int Device => 0;

        public override nint Stream => 0;

        public override bool IsCapturing => false;

        public override nint Workspace(long bytes) => 0x7f00_0000;
    }
}

/// <summary>A test of what is said where there is no CUDA driver.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithoutDriverAttribute : FactAttribute
{
    public FactWithoutDriverAttribute()
    {
        if (!NativeLibrary.TryLoad(CudaApi.Library, out nint library)) return;
        NativeLibrary.Free(library);
        Skip = $"this machine has {CudaApi.Library}";
    }
}
