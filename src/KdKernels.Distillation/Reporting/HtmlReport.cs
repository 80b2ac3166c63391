using System.Text;

namespace KdKernels.Distillation.Reporting;

/// <summary>The report of a run: one HTML file that needs nothing else.</summary>
public static class HtmlReport
{
    /// <summary>Name of the report in a run folder.</summary>
    public const string Name = "report.html";

    /// <summary>Writes, or writes anew, the report of a finished run from the files in its folder. Returns its
    /// path.</summary>
    /// <exception cref="Training.RunFolderException">The folder is not that of a finished run, or is
    /// damaged.</exception>
    public static string Write(string runFolder)
    {
        string path = Path.Combine(Path.GetFullPath(runFolder), Name);
        WholeFile.Write(path, Encoding.UTF8.GetBytes(ReportPage.Render(RunReportReader.Read(runFolder))));
        return path;
    }
}
