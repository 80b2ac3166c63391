using KdKernels.Core;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Training;

public sealed class TrainingDeviceTests
{
    private static readonly KdCudaDevice New = new(0, "NVIDIA H200", new Version(9, 0), 1 << 30, IsSupported: true);
    private static readonly KdCudaDevice Old = new(1, "Tesla P100", new Version(6, 0), 1 << 30, IsSupported: false);

    [Fact]
    public void A_device_with_kernels_has_no_objection() =>
        Assert.Null(TrainingDevice.WithoutKernels("cuda:0", 0, unavailable: null, [New, Old]));

    [Fact]
    public void What_keeps_the_loss_from_a_device_is_said_in_one_sentence()
    {
        const string Start = "device: cuda:1 cannot run the kernels of distill.ops: fused: ";
        Assert.Equal(
            Start + "libcuda.so.1 was not found", TrainingDevice.WithoutKernels("cuda:1", 1, "libcuda.so.1 was not found", []));
        Assert.Equal(
            Start + "Tesla P100 has compute capability 6.0 and the kernels need 7.5",
            TrainingDevice.WithoutKernels("cuda:1", 1, null, [New, Old]));
        Assert.Equal(
            Start + "NVIDIA's driver shows no device of that number", TrainingDevice.WithoutKernels("cuda:1", 1, null, [New]));
    }

    [Fact]
    public void The_cpu_is_described_as_torch_writes_it() => Assert.Equal("cpu", TrainingDevice.Describe(CPU));
}
