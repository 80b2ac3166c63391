namespace KdKernels.Core.Tests;

/// <summary>The call that tests of loading and launching make: six rows of 100 classes.</summary>
internal static class CudaCall
{
    public static void Forward(CudaQueue queue)
    {
        KdDevice device = KdDevice.Cuda(queue.Device);
        TemperedKl.Forward(
            CudaView.Rows(0, 6, 100) with { Device = device },
            CudaView.Rows(1, 6, 100) with { Device = device },
            new TemperedKlSettings(4, KdReduction.BatchMean),
            CudaView.Scalar(3) with { Device = device },
            queue);
    }
}
