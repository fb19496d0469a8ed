import com.sun.security.jgss.ExtendedGSSCredential;
import java.security.PrivilegedExceptionAction;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSCredential;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;

/**
 * The double hop by Java's own S4U: the middle (principal, keytab) impersonates a user and opens
 * a context to the target, whose keytab accepts it. Prints whom the target sees.
 */
public class DoubleHop {
  private static final GSSManager MANAGER = GSSManager.getInstance();

  public static void main(String[] args) throws Exception {
    var middle = login(args[0], args[1], true);
    var target = login(args[2], args[3], false);
    var service = args[4];
    var user = args[5];
    var kerberos = new Oid("1.2.840.113554.1.2.2");
    GSSContext initiator;
    byte[] token;
    try {
      initiator = Subject.doAs(middle, (PrivilegedExceptionAction<GSSContext>) () -> {
        var own = MANAGER.createCredential(
            null, GSSCredential.DEFAULT_LIFETIME, kerberos, GSSCredential.INITIATE_ONLY);
        var name = MANAGER.createName(user, GSSName.NT_USER_NAME);
        var impersonated = ((ExtendedGSSCredential) own).impersonate(name);
        var peer = MANAGER.createName(service, GSSName.NT_HOSTBASED_SERVICE);
        return MANAGER.createContext(
            peer, kerberos, impersonated, GSSContext.DEFAULT_LIFETIME);
      });
      token = Subject.doAs(middle, (PrivilegedExceptionAction<byte[]>) () ->
          initiator.initSecContext(new byte[0], 0, 0));
    } catch (java.security.PrivilegedActionException error) {
      System.out.println("refused: " + messages(error));
      return;
    }
    var acceptor = Subject.doAs(target, (PrivilegedExceptionAction<GSSContext>) () -> {
      var own = MANAGER.createCredential(
          null, GSSCredential.DEFAULT_LIFETIME, kerberos, GSSCredential.ACCEPT_ONLY);
      var context = MANAGER.createContext(own);
      context.acceptSecContext(token, 0, token.length);
      return context;
    });
    System.out.println("the target sees " + acceptor.getSrcName());
  }

  private static String messages(Throwable error) {
    var text = new StringBuilder();
    for (var at = error; at != null; at = at.getCause()) text.append(at.getMessage()).append("; ");
    return text.toString();
  }

  private static Subject login(String principal, String keytab, boolean initiates)
      throws Exception {
    var options = Map.of(
        "useKeyTab", "true", "keyTab", keytab, "principal", principal, "storeKey", "true",
        "doNotPrompt", "true", "isInitiator", String.valueOf(initiates));
    var entry = new AppConfigurationEntry(
        "com.sun.security.auth.module.Krb5LoginModule",
        AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, options);
    var configuration = new Configuration() {
      @Override
      public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
        return new AppConfigurationEntry[] {entry};
      }
    };
    var context = new LoginContext("", new Subject(), null, configuration);
    context.login();
    return context.getSubject();
  }
}
