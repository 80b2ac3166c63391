namespace KdKernels.Core.Tests;

public class PtxTargetTests
{
    [Theory]
    [InlineData("sm_75", 75, true)]
    [InlineData("sm_75", 90, true)]
    [InlineData("sm_75", 120, true)]
    [InlineData("sm_80", 75, false)]
    [InlineData("sm_90", 89, false)]
    [InlineData("sm_90a", 90, true)]
    [InlineData("sm_90a", 100, false)]
    public void A_plain_target_runs_on_everything_newer_and_a_lettered_one_on_itself(
        string target, int capability, bool runs) => Assert.Equal(runs, PtxTarget.Runs(target, capability));

    [Theory]
    [InlineData("6.0", 9000)]
    [InlineData("6.2", 9020)]
    [InlineData("6.3", 10000)]
    [InlineData("6.5", 10020)]
    [InlineData("7.0", 11000)]
    [InlineData("7.8", 11080)]
    [InlineData("8.0", 12000)]
    [InlineData("8.5", 12050)]
    [InlineData("8.6", 12070)]
    [InlineData("8.8", 12090)]
    [InlineData("9.0", 13000)]
    public void Each_PTX_version_came_with_a_CUDA(string version, int driver) =>
        Assert.Equal(driver, PtxTarget.LeastDriver($"//\n// generated\n\n.version {version}\r\n.target sm_75\n"));

    [Theory]
    [InlineData("")]
    [InlineData(".version")]
    [InlineData(".version seven")]
    public void A_text_without_a_version_is_refused(string ptx) =>
        Assert.Throws<InvalidDataException>(() => PtxTarget.LeastDriver(ptx));
}
