namespace KdKernels.PtxEmulator.Tests;

public sealed class ErrorTests
{
    private const string Store = "add.u64 %rd5, %rd2, %rd4; st.global.u32 [%rd5], %r1;";

    [Fact]
    public void Stores_each_thread_its_number()
    {
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)i), Ptx.Passes(Store));
    }
}
